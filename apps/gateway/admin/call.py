"""Model calls and provider attempts, to look at only."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from agentplatform.core.admin import ReadOnly
from agentplatform.core.money import format_usd
from apps.gateway.admin.usage import show_usage
from apps.gateway.models import LlmCall, LlmEvent


class _Rows(ReadOnly, ModelAdmin):
    @admin.display(description="cost (USD)")
    def cost_usd(self, row: LlmCall | LlmEvent) -> str:
        return format_usd(row.cost_nanos) or "not known"


@admin.register(LlmCall)
class LlmCallAdmin(_Rows):
    list_display = (
        "id",
        "tenant",
        "status",
        "provider",
        "model",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
        "duration_ms",
        "created_at",
    )
    list_filter = ("status", "provider", "tenant")
    search_fields = ("=id", "=run_id", "=step_id")
    date_hierarchy = "created_at"
    list_select_related = ("tenant",)
    show_full_result_count = False


@admin.register(LlmEvent)
class LlmEventAdmin(_Rows):
    list_display = (
        "created_at",
        "tenant",
        "provider",
        "model",
        "status",
        "error_code",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
        "latency_ms",
        "is_fallback",
        "is_confirmed",
    )
    list_filter = ("provider", "status", "is_fallback", "is_confirmed", "is_own_key", "tenant")
    search_fields = ("=call_id", "=run_id", "=attempt_id")
    date_hierarchy = "created_at"
    list_select_related = ("tenant",)
    show_full_result_count = False
    actions_list = ("usage",)

    @action(description="Usage", url_path="usage", icon="bar_chart", permissions=("view",))
    def usage(self, request: HttpRequest) -> HttpResponse:
        return show_usage(self, request)

    def tenant_page(self, tenant: Model) -> tuple[str, str]:
        """What the tenant's page leads to beside this list: a title and an address."""
        return "Usage", f"{reverse('admin:gateway_llmevent_usage')}?tenant={tenant.pk}"
