"""The admin of tool calls and artifacts: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, Sum
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.text import Truncator
from unfold.admin import ModelAdmin
from unfold.decorators import display

from agentplatform.core.admin import NOTHING, STATUS_COLORS, ReadOnly, as_block, as_link
from apps.tools.models import Artifact, ToolCall


class _Rows(ReadOnly, ModelAdmin):
    list_select_related = ("tenant",)
    show_full_result_count = False

    @admin.display(description="run", ordering="run_id")
    def run(self, row: ToolCall | Artifact) -> str:
        return as_link("runs_run", row.run_id)


@admin.register(ToolCall)
class ToolCallAdmin(_Rows):
    list_display = (
        "created_at", "tenant", "tool", "action", "status_in_color", "reason", "duration_ms",
        "cpu_time_ms", "peak_memory", "backend",
    )  # fmt: skip
    list_filter = ("status", "tool", "backend", "tenant")
    search_fields = ("=id", "=run_id", "=step_id")
    list_display_links = ("created_at", "tool")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("tenant", "tool", "action", "status_in_color", "failure")}),
        ("Asked", {"fields": ("asked", "timeout_seconds", "is_repeatable")}),
        ("Left", {"fields": ("value", "stdout", "stderr", "exit_code", "artifacts")}),
        (
            "Work",
            {
                "fields": (
                    "backend", "task_arn", "duration_ms", "cpu_time_ms", "peak_memory",
                    "executions", "created_at", "started_at", "completed_at",
                )
            },
        ),
        ("Belongs to", {"fields": ("id", "run", "step_id", "attempt", "turn", "index")}),
    )  # fmt: skip
    readonly_fields = (
        "status_in_color", "failure", "asked", "value", "stdout", "stderr", "exit_code",
        "artifacts", "cpu_time_ms", "peak_memory", "run",
    )  # fmt: skip

    @display(description="status", ordering="status", label=STATUS_COLORS)
    def status_in_color(self, call: ToolCall) -> str:
        return call.status

    @admin.display(description="CPU ms", ordering="cpu_ms")
    def cpu_time_ms(self, call: ToolCall) -> int | None:
        return call.cpu_ms

    @admin.display(description="why")
    def reason(self, call: ToolCall) -> str:
        return str((call.error or {}).get("code", NOTHING))

    @admin.display(description="why")
    def failure(self, call: ToolCall) -> str:
        error = call.error or {}
        return as_block(f"{error['code']}: {error['detail']}" if error else None)

    @admin.display(description="arguments")
    def asked(self, call: ToolCall) -> str:
        return as_block(call.arguments)

    @admin.display(description="value")
    def value(self, call: ToolCall) -> str:
        return as_block(_left(call, "value"))

    @admin.display(description="standard output")
    def stdout(self, call: ToolCall) -> str:
        return as_block(_left(call, "stdout"))

    @admin.display(description="standard error")
    def stderr(self, call: ToolCall) -> str:
        return as_block(_left(call, "stderr"))

    @admin.display(description="exit code")
    def exit_code(self, call: ToolCall) -> str:
        code = _left(call, "exit_code")
        return NOTHING if code is None else str(code)

    @admin.display(description="peak memory", ordering="peak_memory_bytes")
    def peak_memory(self, call: ToolCall) -> str:
        return NOTHING if call.peak_memory_bytes is None else filesizeformat(call.peak_memory_bytes)

    @admin.display(description="artifacts")
    def artifacts(self, call: ToolCall) -> str:
        links = [
            (
                reverse("admin:tools_artifact_change", args=[file["artifact_id"]]),
                file["name"],
                filesizeformat(file["size_bytes"]),
            )
            for file in _left(call, "artifacts") or ()
        ]
        return format_html_join("\n", '<div><a href="{}">{}</a> {}</div>', links) or NOTHING


@admin.register(Artifact)
class ArtifactAdmin(_Rows):
    list_display = ("created_at", "tenant", "short_name", "media_type", "size", "session", "run")
    list_display_links = ("created_at", "short_name")
    list_filter = ("media_type", ("session", admin.EmptyFieldListFilter), "tenant")
    search_fields = ("=id", "=run_id", "=sha256", "name")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("tenant", "name", "media_type", "size", "sha256", "created_at")}),
        (
            "Kind",
            {
                "fields": ("session", "thumbnail"),
                "description": "With a session it is no file for people: what calls of its step "
                "work on, one after another.",
            },
        ),
        ("Belongs to", {"fields": ("id", "run", "step_id", "call")}),
    )  # fmt: skip
    readonly_fields = ("size", "run", "call")

    @admin.display(description="name", ordering="name")
    def short_name(self, artifact: Artifact) -> str:
        return Truncator(artifact.name).chars(40)

    @admin.display(description="size", ordering="size_bytes")
    def size(self, artifact: Artifact) -> str:
        return filesizeformat(artifact.size_bytes)

    @admin.display(description="call")
    def call(self, artifact: Artifact) -> str:
        return as_link("tools_toolcall", artifact.call_id)

    def tenant_page(self, tenant: Model) -> tuple[str, str]:
        """How much the tenant stores; the same content counts once."""
        contents = Artifact.objects.filter(tenant_id=tenant.pk).order_by()
        once = contents.values("sha256", "size_bytes").distinct()
        total = once.aggregate(files=Count("sha256"), size=Sum("size_bytes"))
        title = f"Stored: {filesizeformat(total['size'] or 0)} in {total['files']} files"
        return title, f"{reverse('admin:tools_artifact_changelist')}?tenant__id__exact={tenant.pk}"


def _left(call: ToolCall, name: str) -> Any:
    return (call.response or {}).get(name)
