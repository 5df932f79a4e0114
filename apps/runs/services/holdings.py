"""What runs hold of a tenant: task definitions, and runs with all that belongs to them."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from agentplatform.core.rows import rows_of
from agentplatform.dead_letters.models import DeadLetter
from apps.gateway import facade as gateway
from apps.runs.models import (
    Ask,
    Checkpoint,
    Run,
    RunEvent,
    Served,
    Step,
    TaskDefinition,
    TaskVersion,
)
from apps.runs.services.cancel_children import UNFINISHED, cancel_runs
from apps.tenants.contracts import Counts, Exported, ExportedRows
from apps.tools import facade as tools

_EXPORTED = (
    ("tasks", TaskDefinition),
    ("versions", TaskVersion),
    ("runs", Run),
    ("steps", Step),
    ("asks", Ask),
    ("events", RunEvent),
    ("checkpoints", Checkpoint),
    ("dead_letters", DeadLetter),
    ("turns", Served),
)


def cancel_work(*, tenant_id: UUID, at: datetime, limit: int) -> int:
    return cancel_runs(list(_unfinished(tenant_id).order_by("id")[:limit]), at=at)


def count_work(*, tenant_id: UUID) -> Counts:
    number = _unfinished(tenant_id).count()
    return {"runs": number} if number else {}


def export(*, tenant_id: UUID) -> Iterator[Exported]:
    for name, model in _EXPORTED:
        rows = model._default_manager.filter(tenant_id=tenant_id)
        yield ExportedRows(name=f"{name}.jsonl", rows=rows_of(rows))


def count(*, tenant_id: UUID, ended_before: datetime | None) -> Counts:
    counts = {"runs": _runs(tenant_id, ended_before).count()}
    if ended_before is None:
        counts["tasks"] = TaskDefinition.objects.filter(tenant_id=tenant_id).count()
    return {name: number for name, number in counts.items() if number}


def purge(*, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
    """A run goes with its steps, events, checkpoints, calls, dead letters and artifacts."""
    runs = _runs(tenant_id, ended_before).select_for_update().order_by("id")
    if ids := list(runs.values_list("id", flat=True)[:limit]):
        gateway.purge_runs(tenant_id=tenant_id, run_ids=ids)
        tools.purge_runs(tenant_id=tenant_id, run_ids=ids)
        DeadLetter.objects.filter(tenant_id=tenant_id, run_id__in=ids).delete()
        Run.objects.filter(id__in=ids).delete()
        return {"runs": len(ids)}
    if ended_before is not None:
        return {}
    tasks = TaskDefinition.objects.filter(tenant_id=tenant_id)
    if ids := list(tasks.order_by("id").values_list("id", flat=True)[:limit]):
        tasks.filter(id__in=ids).delete()
        return {"tasks": len(ids)}
    Served.objects.filter(tenant_id=tenant_id).delete()
    return {}


def _unfinished(tenant_id: UUID) -> QuerySet[Run]:
    runs = Run.objects.filter(tenant_id=tenant_id, finalized_at=None)
    return runs.filter(status__in=UNFINISHED)


def _runs(tenant_id: UUID, ended_before: datetime | None) -> QuerySet[Run]:
    """A run that was started by another is kept while that one goes on."""
    rows = Run.objects.filter(tenant_id=tenant_id)
    if ended_before is None:
        return rows
    going_on = Run.objects.filter(id=OuterRef("parent_run_id"), status__in=UNFINISHED)
    return rows.filter(~Exists(going_on), completed_at__lt=ended_before)
