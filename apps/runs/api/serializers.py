"""How tasks, runs, steps and events look on the wire."""

from typing import Any

from rest_framework import serializers

from agentplatform.api.serializers import ObjectField, StrictQuery, StrictSerializer
from agentplatform.core.money import format_usd
from apps.runs.models import Ask, Run, RunEvent, Step, TaskVersion
from apps.runs.services.save_task import warnings_of


class TaskWrite(StrictSerializer):
    """What POST /tasks takes. The spec's own schema is at /api/v1/tasks/schema."""

    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=10_000, allow_blank=True, default="")
    spec = serializers.JSONField()


class TaskChange(StrictSerializer):
    """What PATCH /tasks/{id} takes; a changed spec becomes a new version."""

    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    spec = serializers.JSONField(required=False)


class SpecCheck(StrictSerializer):
    """What POST /tasks/validate takes."""

    spec = serializers.JSONField()


class SpecVerdict(serializers.Serializer[Any]):
    """The spec has no error that can be known before it runs. `warnings` are by path what will fail
    steps unless the tenant's tasks change until then."""

    valid = serializers.BooleanField()
    warnings = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class TaskFilter(StrictQuery):
    """What GET /tasks can be narrowed to."""

    name = serializers.CharField(required=False, help_text="Only the task of this name.")


class TaskRead(serializers.ModelSerializer[TaskVersion]):
    """A task definition, shown from its newest version."""

    id = serializers.UUIDField(source="task_id")
    name = serializers.CharField(source="task.name")
    description = serializers.CharField(source="task.description")
    version = serializers.IntegerField(source="number")
    spec = serializers.DictField()
    created_at = serializers.DateTimeField(source="task.created_at")
    updated_at = serializers.DateTimeField(source="task.updated_at")

    class Meta:
        model = TaskVersion
        fields = ("id", "name", "description", "version", "spec", "created_at", "updated_at")


class TaskDetailRead(TaskRead):
    """A task definition, shown from its newest version. `warnings` tell by path, such as
    steps.bill.task, what will fail steps of it as the tenant's tasks are now."""

    warnings = serializers.SerializerMethodField()

    class Meta:
        model = TaskVersion
        fields = (*TaskRead.Meta.fields, "warnings")

    def get_warnings(self, version: TaskVersion) -> dict[str, list[str]]:
        return warnings_of(version)


class TaskVersionRead(serializers.ModelSerializer[TaskVersion]):
    """One immutable version."""

    class Meta:
        model = TaskVersion
        fields = ("number", "spec", "created_at")


class RunWrite(StrictSerializer):
    """What POST /runs takes. `token_budget` overrides the spec's default; of runs and calls that
    wait for a place, those of a higher `priority` get one first."""

    task_id = serializers.UUIDField()
    input = ObjectField(default=dict)
    token_budget = serializers.IntegerField(min_value=1, max_value=10**15, required=False)
    priority = serializers.IntegerField(min_value=-100, max_value=100, default=0)


class RunFailure(serializers.Serializer[Any]):
    """Why a run or a step failed; `step` names the step that ended a run."""

    code = serializers.CharField()
    detail = serializers.CharField()
    step = serializers.CharField(required=False)


class RunRead(serializers.ModelSerializer[Run]):
    """A run's state. `output` is set once it is COMPLETED, `error` when it ended otherwise. A
    PENDING run that `waits_for_place` starts when others end; its event run.waiting says why."""

    task_id = serializers.UUIDField(source="task_version.task_id")
    task_version = serializers.IntegerField(source="task_version.number")
    parent_run_id = serializers.UUIDField(allow_null=True)
    forked_from_id = serializers.UUIDField(allow_null=True)
    created_by_id = serializers.UUIDField(allow_null=True)
    output = serializers.JSONField(allow_null=True)
    error = RunFailure(allow_null=True)
    cost_usd = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            "id", "task_id", "task_version", "status", "priority", "waits_for_place", "input",
            "output", "error", "token_budget", "tokens_used", "cost_usd", "trace_id", "created_at",
            "started_at", "completed_at", "deadline_at", "parent_run_id", "forked_from_id",
            "created_by_id",
        )  # fmt: skip

    def get_cost_usd(self, run: Run) -> str:
        return format_usd(run.cost_nanos) or ""


class AskRead(serializers.Serializer[Ask]):
    """What a turn of an agent or a crew waits for: an answer of a person (`approval`, answered with
    `POST .../approve` or `/reject`), or the end of another run (`run`). `wish` is what was asked:
    question, options and details; or task and input."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Ask.Kind.choices)
    turn = serializers.IntegerField()
    wish = serializers.JSONField()
    wait_until = serializers.DateTimeField(allow_null=True)
    run_id = serializers.UUIDField(source="child_run_id", allow_null=True)
    created_at = serializers.DateTimeField()


class StepRead(serializers.ModelSerializer[Step]):
    """One step of a run; `item_index` counts the items of a map from 0, and is -1 outside. `asks`
    are those that are open."""

    input = serializers.JSONField(allow_null=True)
    output = serializers.JSONField(allow_null=True)
    error = RunFailure(allow_null=True)
    cost_usd = serializers.SerializerMethodField()
    asks = AskRead(many=True, source="open_asks")

    class Meta:
        model = Step
        fields = (
            "id", "name", "kind", "item_index", "status", "attempt", "max_attempts", "turn",
            "waits_for", "wait_until", "asks", "deadline_at", "input", "output", "error",
            "tokens_used", "cost_usd", "next_attempt_at", "started_at", "completed_at",
        )  # fmt: skip

    def get_cost_usd(self, step: Step) -> str:
        return format_usd(step.cost_nanos) or ""


class EventRead(serializers.ModelSerializer[RunEvent]):
    """One event; `seq` counts from 1 within the run. `item` counts a map's items from 0, and is
    null outside of them."""

    step = serializers.CharField(source="step_name")

    class Meta:
        model = RunEvent
        fields = ("seq", "kind", "step", "item", "at", "data")


class TextDeltaRead(serializers.Serializer[Any]):
    """The next piece of a running call's text; with an offset of 0 the text begins anew."""

    step = serializers.CharField()
    item = serializers.IntegerField(allow_null=True)
    call_id = serializers.UUIDField()
    offset = serializers.IntegerField()
    text = serializers.CharField()


class EventPage(serializers.Serializer[Any]):
    """Events past `after`, oldest first; ask again with the last seq."""

    results = EventRead(many=True)
    is_finished = serializers.BooleanField(help_text="No event will follow the last one.")


class ModelUse(serializers.Serializer[Any]):
    """What one model cost the run; an unknown price is null."""

    provider = serializers.CharField()
    model = serializers.CharField()
    attempts = serializers.IntegerField(help_text="Requests sent to the provider.")
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    cost_usd = serializers.CharField(allow_null=True)


class RunMetrics(serializers.Serializer[Any]):
    """Cost and token summary of a run."""

    run_id = serializers.UUIDField()
    status = serializers.CharField()
    duration_ms = serializers.IntegerField(allow_null=True)
    token_budget = serializers.IntegerField(allow_null=True)
    tokens_used = serializers.IntegerField()
    cost_usd = serializers.CharField()
    steps_by_status = serializers.DictField(child=serializers.IntegerField())
    models = ModelUse(many=True)


class RunArtifact(serializers.Serializer[Any]):
    """A file of the run; its content is at /api/v1/artifacts/{artifact_id}/content."""

    artifact_id = serializers.UUIDField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
