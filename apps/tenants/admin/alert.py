"""What somebody should look at."""

import json

from django.contrib import admin
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from agentplatform.core.admin import ReadOnly
from apps.tenants.admin.day_filter import DayFilter
from apps.tenants.models import Alert
from apps.tenants.services.describe_alert import describe_alert

COLORS = {
    "budget threshold": "warning",
    "budget exceeded": "danger",
    "providers failed": "danger",
    "breaker open": "danger",
}


@admin.register(Alert)
class AlertAdmin(ReadOnly, ModelAdmin):
    list_display = ("created_at", "kind_in_color", "tenant_or_platform", "what")
    list_display_links = ("created_at", "what")
    list_filter = (
        "kind",
        ("tenant", AutocompleteSelectFilter),
        ("created_at", DayFilter),
    )
    list_filter_submit = True
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "subject")
    show_full_result_count = False
    fieldsets = (
        (
            None,
            {"fields": ("created_at", "kind_in_color", "tenant_or_platform", "subject", "what")},
        ),
        ("Details", {"fields": ("told",)}),
    )
    readonly_fields = ("kind_in_color", "tenant_or_platform", "what", "told")

    @display(description="Kind", ordering="kind", label=COLORS)
    def kind_in_color(self, alert: Alert) -> str:
        return alert.kind.replace("_", " ")

    @admin.display(description="Tenant", ordering="tenant")
    def tenant_or_platform(self, alert: Alert) -> str:
        return str(alert.tenant or "the platform")

    @admin.display(description="What")
    def what(self, alert: Alert) -> str:
        return describe_alert(alert)

    @admin.display(description="What was so")
    def told(self, alert: Alert) -> str:
        text = json.dumps(alert.details, indent=2, ensure_ascii=False)
        return format_html('<pre style="white-space: pre-wrap">{}</pre>', text)
