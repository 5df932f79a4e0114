"""The one place where the state of a run or a step changes.

Each change is a conditional UPDATE (expected states, fencing token) with its RunEvent, in the
caller's transaction. The run's row is locked first by every writer, so writers cannot deadlock and
a run's events are numbered without gaps that a reader could miss.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db.models import F

from agentplatform.core.transactions import after_commit, require_transaction
from apps.runs.models import Run, RunEvent, Step
from apps.runs.states import RUN, STEP

log = structlog.get_logger("runs")


def lock_run(run_id: UUID) -> Run:
    """The run's row, locked until the transaction ends. Requires a transaction."""
    require_transaction()
    return Run.objects.select_for_update(of=("self",)).select_related("task_version").get(id=run_id)


def move_run(run: Run, target: str, *, at: datetime, **changes: Any) -> bool:
    """Move a locked run to `target`. False when it has left every state that allows it."""
    require_transaction()
    sources = RUN.sources_of(target)
    if run.status not in sources:
        return False
    for name, value in {"status": target, "advanced_at": at, **changes}.items():
        setattr(run, name, value)
    run.save(update_fields=["status", "advanced_at", *changes])
    data = {"error": run.error} if changes.get("error") else {}
    record_event(run, f"run.{target.lower()}", at=at, data=data)
    return True


def move_step(
    run: Run,
    step: Step,
    target: str,
    *,
    at: datetime,
    token: UUID | None = None,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> bool:
    """Move a step of a locked run to `target` and apply `changes` to both row and instance.

    `token` is the fencing token that the writer claimed the step with. False is a lost race: the
    step is in another state or another worker holds it, and the caller stops quietly. Raises
    IllegalTransition when the table has no such change.
    """
    require_transaction()
    STEP.check(step.status, target)
    changes = {"status": target, "changed_at": at, **changes}
    rows = Step.objects.filter(id=step.id, run_id=run.id, status=step.status, turn=step.turn)
    if token is not None:
        rows = rows.filter(lease_token=token)
    if not rows.update(**changes):
        return False
    for name, value in changes.items():
        setattr(step, name, value)
    record_event(run, f"step.{target.lower()}", at=at, step=step, data=data)
    return True


def cancel_items(run: Run, step: Step, *, at: datetime) -> int:
    """Cancel the unfinished items of a map of a locked run, in one statement and with one event.

    Returns how many. Requires a transaction.
    """
    require_transaction()
    items = Step.objects.filter(run_id=run.id, name=step.name, item_index__gte=0)
    open_items = items.filter(status__in=STEP.sources_of("CANCELLED"))
    count = open_items.update(
        status="CANCELLED", changed_at=at, completed_at=at, lease_token=None, waits_for=""
    )
    if count:
        record_event(run, "items.cancelled", at=at, step=step, data={"items": count})
    return count


def record_event(
    run: Run,
    kind: str,
    *,
    at: datetime,
    step: Step | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Append to the timeline of a locked run, and to the log once that is committed."""
    require_transaction()
    data = data or {}
    run.event_seq += 1
    Run.objects.filter(id=run.id).update(event_seq=F("event_seq") + 1)
    RunEvent.objects.create(
        tenant_id=run.tenant_id,
        run_id=run.id,
        seq=run.event_seq,
        kind=kind,
        step_name=step.name if step else "",
        at=at,
        data=data,
    )
    after_commit(log.info, event=kind, **_log_fields(run, step), **_loggable(data))


def _log_fields(run: Run, step: Step | None) -> dict[str, Any]:
    fields = {"tenant_id": str(run.tenant_id), "run_id": str(run.id), "trace_id": run.trace_id}
    if step is None:
        return fields
    return {**fields, "step_id": str(step.id), "step": step.name, "attempt": step.attempt}


def _loggable(data: dict[str, Any]) -> dict[str, Any]:
    """What a log line may say of an event: numbers and codes, never what a model or a tool said."""
    told = ("duration_ms", "turn", "branch", "code")
    found: dict[str, Any] = {key: data[key] for key in told if key in data}
    if "tokens" in data:
        found["tokens_used"] = data["tokens"]
    if isinstance(error := data.get("error"), dict):
        found["code"] = error.get("code")
    return found
