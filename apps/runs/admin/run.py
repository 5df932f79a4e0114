"""Runs in the admin: to look, not to touch."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from agentplatform.core.admin import NOTHING, STATUS_COLORS, ReadOnly, as_block, as_link
from agentplatform.core.money import format_usd
from apps.runs.models import Run, RunEvent, Step, TaskDefinition, TaskVersion
from apps.runs.services.places.caps import wanted_places


class VersionInline(ReadOnly, TabularInline):
    model = TaskVersion
    fields = ("number", "created_at", "shown_spec")
    readonly_fields = ("shown_spec",)
    ordering = ("-number",)
    extra = 0
    hide_title = True

    @admin.display(description="spec")
    def shown_spec(self, version: TaskVersion) -> str:
        return as_block(version.spec)


@admin.register(TaskDefinition)
class TaskAdmin(ReadOnly, ModelAdmin):
    list_display = ("name", "tenant", "is_active", "updated_at")
    list_filter = ("tenant", "is_active")
    search_fields = ("name",)
    inlines = (VersionInline,)


class StepInline(ReadOnly, TabularInline):
    model = Step
    fields = ("name", "kind", "status_in_color", "attempt", "turn", "tokens_used", "why",
              "started_at", "completed_at")  # fmt: skip
    readonly_fields = ("status_in_color", "why")
    extra = 0
    hide_title = True

    @display(description="status", label=STATUS_COLORS)
    def status_in_color(self, step: Step) -> str:
        return step.status

    @admin.display(description="why")
    def why(self, step: Step) -> str:
        return _why(step.error)


class EventInline(ReadOnly, TabularInline):
    model = RunEvent
    fields = ("seq", "at", "kind", "step_name", "item", "shown_data")
    readonly_fields = ("shown_data",)
    ordering = ("seq",)
    extra = 0
    hide_title = True

    @admin.display(description="data")
    def shown_data(self, event: RunEvent) -> str:
        return as_block(event.data or None)


@admin.register(Run)
class RunAdmin(ReadOnly, ModelAdmin):
    list_display = ("id", "tenant", "task", "status_in_color", "priority", "waiting",
                    "tokens_used", "cost_usd", "created_at", "completed_at")  # fmt: skip
    list_filter = ("status", "waits_for_place", "tenant")
    search_fields = ("=id", "task_version__task__name", "=idempotency_key", "=trace_id")
    search_help_text = "An id, a task's name, an idempotency key or a trace's id."
    inlines = (StepInline, EventInline)
    fieldsets = (
        (None, {"fields": ("tenant", "task_page", "status_in_color", "why", "waiting")}),
        ("What went in and came out", {"fields": ("shown_input", "shown_output")}),
        ("What it used", {"fields": ("tokens_used", "token_budget", "cost_usd")}),
        (
            "When",
            {
                "fields": ("created_at", "started_at", "advanced_at", "deadline_at",
                           "completed_at", "finalized_at"),
            },
        ),
        (
            "Where it comes from",
            {
                "fields": ("created_by", "parent", "parent_step_id", "depth", "origin",
                           "idempotency_key", "request_hash", "trace_id", "priority", "id"),
            },
        ),
    )  # fmt: skip
    readonly_fields = ("task_page", "status_in_color", "why", "waiting", "shown_input",
                       "shown_output", "cost_usd", "parent", "origin")  # fmt: skip

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

    @admin.display(description="task")
    def task_page(self, run: Run) -> str:
        return as_link("runs_taskdefinition", run.task_version.task_id, self.task(run))

    @display(description="status", ordering="status", label=STATUS_COLORS)
    def status_in_color(self, run: Run) -> str:
        return run.status

    @admin.display(description="cost (USD)", ordering="cost_nanos")
    def cost_usd(self, run: Run) -> str | None:
        return format_usd(run.cost_nanos)

    @admin.display(description="why")
    def why(self, run: Run) -> str:
        return _why(run.error)

    @admin.display(description="input")
    def shown_input(self, run: Run) -> str:
        return as_block(run.input)

    @admin.display(description="output")
    def shown_output(self, run: Run) -> str:
        return as_block(run.output)

    @admin.display(description="parent run")
    def parent(self, run: Run) -> str:
        return as_link("runs_run", run.parent_run_id)

    @admin.display(description="forked from")
    def origin(self, run: Run) -> str:
        return as_link("runs_run", run.forked_from_id)


def _why(error: Any) -> str:
    """What failed, in words."""
    return f"{error.get('code')}: {error.get('detail')}" if error else NOTHING
