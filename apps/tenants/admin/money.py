"""The accounts, what is held and the ledger, to look at."""

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from agentplatform.core.admin import ReadOnly, as_link
from agentplatform.core.money import format_usd
from apps.tenants.admin.day_filter import DayFilter
from apps.tenants.models import Account, LedgerEntry, Reservation

_PAGES = {
    Account.Kind.TENANT: "tenants_tenant",
    Account.Kind.USER: "tenants_user",
    Account.Kind.KEY: "tenants_apikey",
    Account.Kind.RUN: "runs_run",
}


@admin.register(Account)
class AccountAdmin(ReadOnly, ModelAdmin):
    list_display = ("tenant", "kind", "owner", "amounts_in", "period", "limit", "used", "held")
    list_filter = ("kind", "unit", "period")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "owner_id")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("tenant", "kind", "owner", "amounts_in", "period")}),
        ("Amounts", {"fields": ("limit", "used", "held")}),
        ("Counts for these too", {"fields": ("parent", "user", "api_key")}),
    )
    readonly_fields = ("owner", "amounts_in", "limit", "used", "held", "parent", "user", "api_key")

    @admin.display(description="unit", ordering="unit")
    def amounts_in(self, account: Account) -> str:
        return "USD" if account.unit == Account.Unit.NANOS else "tokens"

    @admin.display(description="owner")
    def owner(self, account: Account) -> str:
        return as_link(_PAGES[Account.Kind(account.kind)], account.owner_id)

    @admin.display(description="parent run")
    def parent(self, account: Account) -> str:
        return as_link("runs_run", account.parent_owner_id)

    @admin.display(description="user")
    def user(self, account: Account) -> str:
        return as_link("tenants_user", account.user_id)

    @admin.display(description="API key")
    def api_key(self, account: Account) -> str:
        return as_link("tenants_apikey", account.api_key_id)

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
    list_display = ("attempt_id", "tenant", "tokens", "usd", "run", "deadline")
    list_filter = (("tenant", AutocompleteSelectFilter), ("deadline", DayFilter))
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("=attempt_id", "=call_id", "=run_id")
    ordering = ("deadline",)
    fields = ("tenant", "attempt_id", "tokens", "usd", "run", "call_id", "deadline")
    readonly_fields = ("usd", "run")

    @admin.display(description="run")
    def run(self, reservation: Reservation) -> str:
        return as_link("runs_run", reservation.run_id)

    @admin.display(description="USD")
    def usd(self, reservation: Reservation) -> str:
        return format_usd(reservation.cost_nanos) or "unknown"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "tenant", "kind", "tokens", "usd", "is_confirmed", "run")
    list_filter = (
        "kind",
        "is_confirmed",
        ("tenant", AutocompleteSelectFilter),
        ("created_at", DayFilter),
    )
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("=attempt_id", "=call_id", "=run_id")
    date_hierarchy = "created_at"
    fields = (
        "tenant", "kind", "tokens", "reserved_tokens", "usd", "is_confirmed", "created_at",
        "attempt_id", "call_id", "run", "account_ids",
    )  # fmt: skip
    readonly_fields = ("usd", "run")

    @admin.display(description="run")
    def run(self, entry: LedgerEntry) -> str:
        return as_link("runs_run", entry.run_id)

    @admin.display(description="USD")
    def usd(self, entry: LedgerEntry) -> str:
        return format_usd(entry.cost_nanos) or "unknown"
