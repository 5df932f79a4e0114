"""Reads of runs, steps and events."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from agentplatform.calls.contracts import CallOutcome
from agentplatform.core.postgresql.reads import Reads
from agentplatform.core.transactions import scope_connection
from apps.gateway import facade as gateway
from apps.runs.models import Ask, Run, RunEvent, Step, TaskDefinition, TaskVersion
from apps.runs.spec.document import Spec, read_spec
from apps.runs.spec.kinds import SpecStep
from apps.runs.states import ASK
from apps.tools import facade as tools


def spec_of(run: Run) -> Spec:
    """The spec that the run pinned. Raises OtherRelease."""
    return spec_of_version(run.task_version_id)


@lru_cache(maxsize=256)
def spec_of_version(version_id: UUID) -> Spec:
    """It was checked when the version was saved, and never changes: a process reads it once. Raises
    OtherRelease."""
    return read_spec(TaskVersion.objects.values_list("spec", flat=True).get(id=version_id))


def steps_of(run: Run) -> dict[str, Step]:
    """The run's steps by name, in the order of its spec; items of maps left out."""
    rows = Step.objects.filter(run_id=run.id, item_index=-1).order_by("position")
    return {step.name: step for step in rows}


def steps_to_show(run: Run) -> QuerySet[Step]:
    """Every step with its `open_asks`, in the order of the spec; items after their map."""
    waiting = Prefetch("asks", Ask.objects.filter(status="WAITING"), to_attr="open_asks")
    rows = Step.objects.filter(run_id=run.id).prefetch_related(waiting)
    return rows.order_by("position", "item_index")


def deadline_of(node: SpecStep, at: datetime) -> datetime | None:
    """When a step that starts at `at` is given up."""
    seconds = node.deadline_seconds
    return None if seconds is None else at + timedelta(seconds=seconds)


def item_values(values: dict[str, Any], item: Step) -> dict[str, Any]:
    """What expressions inside a map see for one item: `item` and `index` besides."""
    return {**values, "item": item.input, "index": item.item_index}


def values_of(run: Run, steps: Mapping[str, Step]) -> dict[str, Any]:
    """What expressions see: input, steps (status, output and error by name) and run."""
    return {
        "input": run.input,
        "steps": {
            name: {"status": step.status, "output": step.output, "error": step.error}
            for name, step in steps.items()
        },
        "run": {
            "id": str(run.id),
            "tenant_id": str(run.tenant_id),
            "created_at": run.created_at.isoformat(),
        },
    }


def read_calls(reads: Reads, *, step_id: UUID, turn: int) -> Callable[[int], list[CallOutcome]]:
    """Have `reads` read the model and tool calls of a turn. Returns what gives those that an
    attempt has made, or need not repeat."""
    models = gateway.read_outcomes(reads, step_id=step_id, turn=turn)
    others = tools.read_outcomes(reads, step_id=step_id, turn=turn)
    return lambda attempt: [*models(attempt), *others(attempt)]


def call_outcomes(
    step: Step, *, turn: int, calls: Callable[[int], list[CallOutcome]] | None = None
) -> tuple[CallOutcome, ...]:
    """The recorded calls of `turn`, by index, read now if `calls` does not give them. What the turn
    has asked of people and other runs is among them."""
    if calls is None:
        reads = Reads()
        calls = read_calls(reads, step_id=step.id, turn=turn)
        reads.execute()
    found = calls(step.attempt)
    if step.has_asked:
        found += (_ask_outcome(ask, step) for ask in Ask.objects.filter(step=step, turn=turn))
    return tuple(sorted(found, key=lambda outcome: outcome.index))


def _ask_outcome(ask: Ask, step: Step) -> CallOutcome:
    return CallOutcome(
        call_id=ask.id,
        kind="ask",
        attempt=step.attempt,
        index=ask.index,
        is_finished=ask.status in ASK.terminal,
        output=ask.answer,
    )


def find_run(*, tenant_id: UUID, run_id: UUID) -> Run | None:
    """The tenant's run with its version and task; None when missing or another tenant's."""
    return (
        Run.objects.filter(tenant_id=tenant_id, id=run_id)
        .select_related("task_version__task")
        .first()
    )


def events_after(*, run_id: UUID, seq: int, limit: int) -> list[RunEvent]:
    """The run's events past `seq`, oldest first."""
    return list(RunEvent.objects.filter(run_id=run_id, seq__gt=seq).order_by("seq")[:limit])


def find_task(*, tenant_id: UUID, task_id: UUID) -> TaskDefinition | None:
    """The tenant's active task definition."""
    return TaskDefinition.objects.filter(tenant_id=tenant_id, id=task_id, is_active=True).first()


def find_task_named(*, tenant_id: UUID, name: str) -> TaskDefinition | None:
    """The tenant's active task definition of this name."""
    return TaskDefinition.objects.filter(tenant_id=tenant_id, name=name, is_active=True).first()


def newest_versions_named(*, tenant_id: UUID, names: Collection[str]) -> dict[str, TaskVersion]:
    """The newest versions of the tenant's active task definitions of these names, by name."""
    tasks = TaskDefinition.objects.filter(tenant_id=tenant_id, name__in=names, is_active=True)
    return {version.task.name: version for version in newest_versions(tasks).values()}


def known_task_names(*, tenant_id: UUID, names: Collection[str]) -> set[str]:
    """Those of these names that active task definitions of the tenant have."""
    tasks = TaskDefinition.objects.filter(tenant_id=tenant_id, name__in=names, is_active=True)
    return set(tasks.values_list("name", flat=True))


def newest_versions(tasks: Iterable[TaskDefinition]) -> dict[UUID, TaskVersion]:
    """The newest version of each task, by task id, in one query."""
    versions = TaskVersion.objects.filter(task__in=list(tasks)).select_related("task")
    newest = versions.order_by("task_id", "-number").distinct("task_id")
    return {version.task_id: version for version in newest}


def newest_version(task: TaskDefinition) -> TaskVersion:
    """The version that a new run pins."""
    return task.versions.order_by("-number").defer("spec")[0]


def find_newest_version(*, tenant_id: UUID, task_id: UUID) -> TaskVersion | None:
    """The version that a new run of this task pins, without its spec; None where the tenant has no
    such active task."""
    versions = TaskVersion.objects.filter(
        tenant_id=tenant_id, task_id=task_id, task__is_active=True
    )
    return versions.order_by("-number").defer("spec").first()


_AT_WORK: Final = """
select tenant_id, id from runs
where finalized_at is null and not waits_for_place and status = 'RUNNING'
union all
select t.id, ended.id from tenants t cross join lateral (
  select id from runs where tenant_id = t.id and completed_at >= %s
) ended
where t.status = 'active'
"""


def runs_at_work(*, ended_since: datetime) -> list[tuple[UUID, UUID]]:
    """The runs of every tenant that go on, or have ended since then, each with its tenant's id
    before its own. Needs the platform's scope."""
    with scope_connection().cursor() as cursor:
        cursor.execute(_AT_WORK, [ended_since])
        return [(tenant_id, run_id) for tenant_id, run_id in cursor.fetchall()]
