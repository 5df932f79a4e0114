"""The accounts and the ledger, to look at."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from agentplatform.core.admin import ReadOnly
from agentplatform.core.money import format_usd
from apps.tenants.models import Account, LedgerEntry


@admin.register(Account)
class AccountAdmin(ReadOnly, ModelAdmin):
    list_display = ("tenant", "kind", "unit", "period", "hard_limit", "posted", "reserved")
    list_filter = ("kind", "unit", "period")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "owner_id")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "tenant", "kind", "tokens", "usd", "is_confirmed", "run_id")
    list_filter = ("kind", "is_confirmed", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("attempt_id", "call_id", "run_id")
    date_hierarchy = "created_at"

    @admin.display(description="USD")
    def usd(self, entry: LedgerEntry) -> str:
        return format_usd(entry.cost_nanos) or "unknown"
