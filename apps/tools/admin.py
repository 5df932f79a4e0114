"""The admin of tool calls and artifacts: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.tools.models import Artifact, ToolCall


class ReadOnlyAdmin(ModelAdmin):
    """Rows that the platform writes and people read."""

    list_select_related = ("tenant",)
    show_full_result_count = False

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False


@admin.register(ToolCall)
class ToolCallAdmin(ReadOnlyAdmin):
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
class ArtifactAdmin(ReadOnlyAdmin):
    list_display = ("id", "tenant", "name", "media_type", "size_bytes", "run_id", "created_at")
    list_filter = ("media_type",)
    search_fields = ("=id", "=run_id", "=sha256", "name")
