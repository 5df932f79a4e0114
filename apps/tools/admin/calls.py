"""The admin of tool calls and artifacts: to look at, never to change."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from agentplatform.core.admin import ReadOnly
from apps.tools.models import Artifact, ToolCall


class _Rows(ReadOnly, ModelAdmin):
    list_select_related = ("tenant",)
    show_full_result_count = False


@admin.register(ToolCall)
class ToolCallAdmin(_Rows):
    list_display = (
        "id",
        "tenant",
        "tool",
        "status",
        "executions",
        "duration_ms",
        "run_id",
        "created_at",
    )
    list_filter = ("status", "tool")
    search_fields = ("=id", "=run_id", "=step_id")


@admin.register(Artifact)
class ArtifactAdmin(_Rows):
    list_display = ("id", "tenant", "name", "media_type", "size_bytes", "run_id", "created_at")
    list_filter = ("media_type",)
    search_fields = ("=id", "=run_id", "=sha256", "name")
