"""The one place where the state of a run or a step changes.

Each change is held to the table, the expected state and the fencing token, and is written with its
RunEvent in the caller's transaction (write_run). The run's row is locked first by every writer, so
writers cannot deadlock and a run's events are numbered without gaps that a reader could miss.
"""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from agentplatform.core.transactions import after_commit, require_transaction
from apps.runs.models import Run, Step
from apps.runs.models.held import StepChange
from apps.runs.services.tell_end import tell_step_end
from apps.runs.services.write_run import held_of, to_be_written, write_run
from apps.runs.states import RUN, STEP

log = structlog.get_logger("runs")


def move_run(run: Run, target: str, *, at: datetime, **changes: Any) -> bool:
    """Move a locked run to `target`. False when it has left every state that allows it."""
    require_transaction()
    if run.status not in RUN.sources_of(target):
        return False
    if run.waits_for_place:
        changes["waits_for_place"] = False
    set_run(run, status=target, advanced_at=at, **changes)
    data = {"error": run.error} if changes.get("error") else {}
    record_event(run, f"run.{target.lower()}", at=at, data=data)
    return True


def set_run(run: Run, **changes: Any) -> None:
    """Change a locked run otherwise than by its state. Requires a transaction."""
    to_be_written(run).run_values |= changes
    for name, value in changes.items():
        setattr(run, name, value)


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
    if run.held is not None and run.held.steps.get(step.id) is step:
        if token is not None and step.lease_token != token:
            return False
        set_step(run, step, **changes)
    elif not _move_row(run, step, changes, token=token):
        return False
    record_event(run, f"step.{target.lower()}", at=at, step=step, data=data)
    if target in STEP.terminal:
        tell_step_end(run, step, at=at)
    return True


def set_step(run: Run, step: Step, **changes: Any) -> None:
    """Change a step that was read under the run's lock. Requires a transaction."""
    held = to_be_written(run)
    change = held.changes.setdefault(step.id, StepChange(status=step.status, turn=step.turn))
    change.values |= changes
    for name, value in changes.items():
        setattr(step, name, value)


def add_usage(run: Run, step: Step, *, tokens: int, cost_nanos: int) -> None:
    """Add what was used to a locked run and a step of it. Requires a transaction."""
    for row, change in ((step, partial(set_step, run, step)), (run, partial(set_run, run))):
        change(tokens_used=row.tokens_used + tokens, cost_nanos=row.cost_nanos + cost_nanos)


def _move_row(run: Run, step: Step, changes: dict[str, Any], *, token: UUID | None) -> bool:
    """A step that was read before the lock: the row decides whether it still stands so."""
    write_run(run)
    held = held_of(run)
    held.steps.pop(step.id, None)
    held.all_read = False
    rows = Step.objects.filter(id=step.id, run_id=run.id, status=step.status, turn=step.turn)
    if token is not None:
        rows = rows.filter(lease_token=token)
    if not rows.update(**changes):
        return False
    for name, value in changes.items():
        setattr(step, name, value)
    return True


def cancel_items(run: Run, step: Step, *, at: datetime) -> int:
    """Cancel the unfinished items of a map of a locked run, in one statement and with one event.

    Returns how many. Requires a transaction.
    """
    require_transaction()
    write_run(run)
    items = Step.objects.filter(run_id=run.id, name=step.name, item_index__gte=0)
    open_items = items.filter(status__in=STEP.sources_of("CANCELLED"))
    count = open_items.update(
        status="CANCELLED", changed_at=at, completed_at=at, lease_token=None, waits_for=""
    )
    held = held_of(run)
    held.steps = {
        id_: one for id_, one in held.steps.items() if one.name != step.name or one.item_index < 0
    }
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
    held = to_be_written(run)
    run.event_seq += 1
    held.events.append(
        {
            "tenant": run.tenant_id,
            "run": run.id,
            "seq": run.event_seq,
            "kind": kind,
            "step_name": step.name if step else "",
            "item": step.item_index if step and step.item_index >= 0 else None,
            "at": at,
            "data": data,
        }
    )
    after_commit(log.info, event=kind, **_log_fields(run, step), **_loggable(data))


def _log_fields(run: Run, step: Step | None) -> dict[str, Any]:
    fields = {"tenant_id": str(run.tenant_id), "run_id": str(run.id), "trace_id": run.trace_id}
    if step is None:
        return fields
    return {**fields, "step_id": str(step.id), "step": step.name, "attempt": step.attempt}


def _loggable(data: dict[str, Any]) -> dict[str, Any]:
    """What a log line may say of an event: numbers and codes, never what a model or a tool said."""
    told = ("duration_ms", "turn", "branch", "code", "unit", "threshold")
    found: dict[str, Any] = {key: data[key] for key in told if key in data}
    if "tokens" in data:
        found["tokens_used"] = data["tokens"]
    if isinstance(error := data.get("error"), dict):
        found["code"] = error.get("code")
    return found
