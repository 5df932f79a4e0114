"""Runs in the admin: to look, not to touch."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from agentplatform.core.admin import ReadOnly
from apps.runs.models import Run, RunEvent, Step, TaskDefinition, TaskVersion
from apps.runs.services.places.caps import wanted_places


class VersionInline(ReadOnly, TabularInline):
    model = TaskVersion
    fields = ("number", "created_at", "spec")
    extra = 0
    hide_title = True


@admin.register(TaskDefinition)
class TaskAdmin(ReadOnly, ModelAdmin):
    list_display = ("name", "tenant", "is_active", "updated_at")
    list_filter = ("tenant", "is_active")
    search_fields = ("name",)
    inlines = (VersionInline,)


class StepInline(ReadOnly, TabularInline):
    model = Step
    fields = ("name", "kind", "status", "attempt", "turn", "tokens_used", "started_at",
              "completed_at")  # fmt: skip
    extra = 0
    hide_title = True


class EventInline(ReadOnly, TabularInline):
    model = RunEvent
    fields = ("seq", "at", "kind", "step_name", "data")
    ordering = ("seq",)
    extra = 0
    hide_title = True


@admin.register(Run)
class RunAdmin(ReadOnly, ModelAdmin):
    list_display = ("id", "tenant", "task", "status", "priority", "waiting", "tokens_used",
                    "created_at", "completed_at")  # fmt: skip
    list_filter = ("status", "waits_for_place", "tenant")
    search_fields = ("id",)
    inlines = (StepInline, EventInline)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("task_version__task", "tenant")

    @admin.display(description="waits for")
    def waiting(self, run: Run) -> str:
        """Why a run is PENDING: the caps of its tenant and of the platform."""
        if not run.waits_for_place:
            return ""
        caps = wanted_places(runs_cap=run.tenant.max_runs_in_flight)
        return ", ".join(f"{name}: {cap}" for name, cap in caps.items())

    @admin.display(description="task")
    def task(self, run: Run) -> str:
        return f"{run.task_version.task.name} v{run.task_version.number}"
