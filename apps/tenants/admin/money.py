"""The accounts, what is held and the ledger, to look at."""

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from agentplatform.core.admin import ReadOnly
from agentplatform.core.money import format_usd
from apps.tenants.admin.day_filter import DayFilter
from apps.tenants.models import Account, LedgerEntry, Reservation


@admin.register(Account)
class AccountAdmin(ReadOnly, ModelAdmin):
    list_display = ("tenant", "kind", "owner_id", "unit", "period", "limit", "used", "held")
    list_filter = ("kind", "unit", "period")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "owner_id")
    show_full_result_count = False

    @admin.display(description="limit", ordering="hard_limit")
    def limit(self, account: Account) -> str:
        return "no limit" if account.hard_limit is None else _words(account, account.hard_limit)

    @admin.display(description="used", ordering="posted")
    def used(self, account: Account) -> str:
        return _words(account, account.posted)

    @admin.display(description="held", ordering="reserved")
    def held(self, account: Account) -> str:
        return _words(account, account.reserved)


def _words(account: Account, amount: int) -> str:
    return format_usd(amount) or "" if account.unit == Account.Unit.NANOS else f"{amount:,}"


@admin.register(Reservation)
class ReservationAdmin(ReadOnly, ModelAdmin):
    list_display = ("attempt_id", "tenant", "tokens", "usd", "run_id", "deadline")
    list_filter = (("tenant", AutocompleteSelectFilter), ("deadline", DayFilter))
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("=attempt_id", "=call_id", "=run_id")
    ordering = ("deadline",)

    @admin.display(description="USD")
    def usd(self, reservation: Reservation) -> str:
        return format_usd(reservation.cost_nanos) or "unknown"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "tenant", "kind", "tokens", "usd", "is_confirmed", "run_id")
    list_filter = (
        "kind",
        "is_confirmed",
        ("tenant", AutocompleteSelectFilter),
        ("created_at", DayFilter),
    )
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("attempt_id", "call_id", "run_id")
    date_hierarchy = "created_at"

    @admin.display(description="USD")
    def usd(self, entry: LedgerEntry) -> str:
        return format_usd(entry.cost_nanos) or "unknown"
