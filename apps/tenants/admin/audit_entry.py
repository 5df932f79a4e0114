"""The audit: who changed what, to look at and to take along."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from agentplatform.api.streaming import stream
from agentplatform.core.admin import ReadOnly
from agentplatform.core.tenancy import platform_scope
from apps.tenants.admin.day_filter import DayFilter
from apps.tenants.models import AuditEntry
from apps.tenants.services.export_audit import export_entries

ACTORS = {"user": "info", "api_key": "info", "staff": "warning", "command": "warning"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, ModelAdmin):
    list_display = ("at", "tenant", "actor_kind_in_color", "actor_name", "action", "target",
                    "changed", "address")  # fmt: skip
    list_display_links = ("at", "action")
    list_filter = (
        ("tenant", AutocompleteSelectFilter),
        "actor_kind",
        "action",
        ("at", DayFilter),
    )
    list_filter_submit = True
    actions_list = ("export",)
    list_select_related = ("tenant",)
    search_fields = ("actor_name", "action", "=actor_id", "=target_id", "=address", "=trace_id")
    paginator = InfinitePaginator
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("at", "tenant", "action", "target")}),
        ("Who", {"fields": ("actor_kind_in_color", "actor_name", "actor_id", "address")}),
        ("What", {"fields": ("before_and_after",)}),
        ("Where to look further", {"fields": ("trace_id",)}),
    )
    readonly_fields = ("actor_kind_in_color", "target", "before_and_after")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The export is of what the list shows."""
        page: HttpResponse = super().changelist_view(request, extra_context)
        for one in (getattr(page, "context_data", None) or {}).get("actions_list", ()):
            one["path"] += f"?{request.GET.urlencode()}"
        return page

    @action(description="Export as JSON lines", icon="download", permissions=("view",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        try:
            entries = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:tenants_auditentry_changelist")
        lines = export_entries(entries, scope=platform_scope)
        response = stream(request, lines, content_type="application/x-ndjson")
        response["Content-Disposition"] = 'attachment; filename="audit.ndjson"'
        return response

    @display(description="Actor", ordering="actor_kind", label=ACTORS)
    def actor_kind_in_color(self, entry: AuditEntry) -> str:
        return entry.actor_kind

    @admin.display(description="Target")
    def target(self, entry: AuditEntry) -> str:
        return f"{entry.target_kind} {entry.target_id}"

    @admin.display(description="Changed")
    def changed(self, entry: AuditEntry) -> str:
        return ", ".join(_fields(entry)) or "-"

    @admin.display(description="Before and after")
    def before_and_after(self, entry: AuditEntry) -> str:
        rows = [
            (name, _words(entry.before, name), _words(entry.after, name)) for name in _fields(entry)
        ]
        return render_to_string("admin/tenants/before_and_after.html", {"rows": rows})


def _fields(entry: AuditEntry) -> list[str]:
    return sorted(entry.before.keys() | entry.after.keys())


def _words(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return "-"
    value = values[name]
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
