"""Model calls and provider attempts, to look at only."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from agentplatform.core.admin import NOTHING, STATUS_COLORS, ReadOnly, as_block, as_link
from agentplatform.core.money import format_usd
from apps.gateway.admin.usage import show_usage
from apps.gateway.models import LlmCall, LlmEvent


class _Rows(ReadOnly, ModelAdmin):
    @admin.display(description="cost (USD)")
    def cost_usd(self, row: LlmCall | LlmEvent) -> str:
        return format_usd(row.cost_nanos) or "not known"

    @display(description="status", ordering="status", label=STATUS_COLORS)
    def status_in_color(self, row: LlmCall | LlmEvent) -> str:
        return row.status

    @admin.display(description="run")
    def run(self, row: LlmCall | LlmEvent) -> str:
        return as_link("runs_run", row.run_id)


@admin.register(LlmCall)
class LlmCallAdmin(_Rows):
    list_display = (
        "id",
        "tenant",
        "status_in_color",
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
    fieldsets = (
        (None, {"fields": ("tenant", "status_in_color", "failure", "provider", "model",
                           "is_fallback", "deferred_by")}),
        ("Asked", {"fields": ("asked",)}),
        ("Answered", {"fields": ("answer", "prompt_tokens", "completion_tokens", "cost_usd")}),
        ("Work", {"fields": ("duration_ms", "executions", "priority", "is_held", "lease_expires_at",
                             "next_attempt_at", "created_at", "started_at", "completed_at")}),
        ("Belongs to", {"fields": ("id", "run", "step_id", "attempt", "turn", "index")}),
    )  # fmt: skip
    readonly_fields = ("status_in_color", "failure", "asked", "answer", "cost_usd", "run")

    @admin.display(description="why")
    def failure(self, call: LlmCall) -> str:
        return as_block(call.error)

    @admin.display(description="request")
    def asked(self, call: LlmCall) -> str:
        return as_block(call.request)

    @admin.display(description="response")
    def answer(self, call: LlmCall) -> str:
        return as_block(call.response)


@admin.register(LlmEvent)
class LlmEventAdmin(_Rows):
    list_display = (
        "created_at",
        "tenant",
        "provider",
        "model",
        "status_in_color",
        "error_code",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
        "latency_ms",
        "is_fallback",
        "is_confirmed",
    )
    fieldsets = (
        (None, {"fields": ("tenant", "provider", "model", "status_in_color", "error_code",
                           "latency_ms", "created_at")}),
        ("Used", {"fields": ("prompt_tokens", "completion_tokens", "cached_tokens",
                             "cache_write_tokens", "reasoning_tokens", "cost_usd",
                             "is_confirmed")}),
        ("Kind", {"fields": ("is_fallback", "previous_provider", "is_discarded", "is_own_key")}),
        ("Belongs to", {"fields": ("attempt_id", "call", "run", "step_id", "user", "api_key")}),
    )  # fmt: skip
    readonly_fields = ("status_in_color", "cost_usd", "call", "run", "user", "api_key")
    list_filter = ("provider", "status", "is_fallback", "is_confirmed", "is_own_key", "tenant")
    search_fields = ("=call_id", "=run_id", "=attempt_id")
    date_hierarchy = "created_at"
    list_select_related = ("tenant",)
    show_full_result_count = False
    actions_list = ("usage",)

    @admin.display(description="call")
    def call(self, row: LlmEvent) -> str:
        """A call by HTTP, which works for no step, has no row of its own."""
        is_row = row.step_id is not None
        return as_link("gateway_llmcall", row.call_id) if is_row else str(row.call_id or NOTHING)

    @admin.display(description="user")
    def user(self, row: LlmEvent) -> str:
        return as_link("tenants_user", row.user_id)

    @admin.display(description="API key")
    def api_key(self, row: LlmEvent) -> str:
        return as_link("tenants_apikey", row.api_key_id)

    @action(description="Usage", url_path="usage", icon="bar_chart", permissions=("view",))
    def usage(self, request: HttpRequest) -> HttpResponse:
        return show_usage(self, request)

    def tenant_page(self, tenant: Model) -> tuple[str, str]:
        """What the tenant's page leads to beside this list: a title and an address."""
        return "Usage", f"{reverse('admin:gateway_llmevent_usage')}?tenant={tenant.pk}"
