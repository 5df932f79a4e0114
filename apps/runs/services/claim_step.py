"""Take a step for one turn, alone: a lease and a fencing token."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from agentplatform.calls.contracts import CallOutcome
from agentplatform.core.processes import is_gone, this_process
from agentplatform.core.transactions import transaction
from agentplatform.dead_letters.bury_work import bury_work
from agentplatform.dead_letters.reasons import Reason
from apps.runs.models import Checkpoint, Run, Step
from apps.runs.selectors import call_outcomes, item_values, values_of
from apps.runs.services.claim import Claim
from apps.runs.services.fail_step import fail_step
from apps.runs.services.lock_run import lock_run_of, locked_step, locked_steps
from apps.runs.services.transition import move_step
from apps.runs.services.write_run import held_of

STEP_LEASE = timedelta(seconds=20)
"""Longer than any turn: a turn never waits for a model or a tool."""

MAX_TAKEOVERS = 3

WORKER_LOST = {
    "code": "worker_lost",
    "detail": f"The step's worker died {MAX_TAKEOVERS} times in the same turn.",
}


def claim_step(*, step_id: UUID, turn: int, at: datetime) -> Claim | None:
    """Claim a step that is QUEUED for `turn`, or RUNNING it under an expired lease or for a
    process that is gone.

    None when there is nothing to do: another worker holds it, the turn is over, or the step has
    lost its worker too often and is failed here. Opens a transaction.
    """
    try:
        with transaction():
            run = lock_run_of(step_id, calls_of=turn - 1 if turn else None)
            step = locked_step(run, step_id)
            if step.turn != turn or not _is_free(step, at):
                return None
            outcomes = recorded_outcomes(run, step) if turn else ()
            return take_alone(run, step, outcomes=outcomes, at=at)
    except Run.DoesNotExist:  # purged meanwhile
        return None


def take_alone(
    run: Run, step: Step, *, at: datetime, outcomes: tuple[CallOutcome, ...]
) -> Claim | None:
    """The same as take, where the transaction does nothing else. The commit need not reach the
    disk: should it be lost, so is the turn's, and the step is due again."""
    claim = take(run, step, outcomes=outcomes, at=at)
    held_of(run).may_be_lost = claim is not None
    return claim


def take(
    run: Run, step: Step, *, at: datetime, outcomes: tuple[CallOutcome, ...] = ()
) -> Claim | None:
    """Move a free step of a locked run to RUNNING under a fresh token. Requires a transaction."""
    lost = step.takeovers + 1 if step.status == "RUNNING" else 0
    if lost >= MAX_TAKEOVERS:
        _give_up(run, step, at=at)
        return None
    values = values_of(run, locked_steps(run))
    token = uuid4()
    move_step(
        run,
        step,
        "RUNNING",
        at=at,
        data={"attempt": step.attempt, "turn": step.turn},
        lease_token=token,
        lease_expires_at=at + STEP_LEASE,
        lease_owner=this_process(),
        takeovers=lost,
        dispatched_at=None,
        started_at=step.started_at or at,
    )
    return Claim(
        run=run,
        step=step,
        token=token,
        values=item_values(values, step) if step.item_index >= 0 else values,
        outcomes=outcomes,
        checkpoint=_checkpoint_of(run, step),
    )


def recorded_outcomes(run: Run, step: Step) -> tuple[CallOutcome, ...]:
    """What came of the turn whose calls were read when the run was locked."""
    calls = held_of(run).calls
    assert calls is not None
    return call_outcomes(step, turn=calls.turn, calls=calls.of_attempt)


def _checkpoint_of(run: Run, step: Step) -> Checkpoint | None:
    is_first = step.turn == 0 and step.attempt == 1
    if is_first or step.kind not in ("agent", "crew"):
        return None
    known = held_of(run).checkpoints
    if step.id in known:
        return known[step.id]
    return Checkpoint.objects.filter(step_id=step.id).first()


def _give_up(run: Run, step: Step, *, at: datetime) -> None:
    """What becomes due by that is left to recovery: there is no turn here to run on from."""
    fail_step(run, step, WORKER_LOST, at=at, token=step.lease_token)
    bury_work(
        tenant_id=step.tenant_id,
        task="runs.execute_step",
        reason=Reason.WORKER_LOST,
        detail=WORKER_LOST["detail"],
        run_id=run.id,
        step_id=step.id,
        at=at,
    )


def _is_free(step: Step, at: datetime) -> bool:
    if step.status == "QUEUED":
        return True
    if step.status != "RUNNING" or step.lease_expires_at is None:
        return False
    return step.lease_expires_at <= at or is_gone(step.lease_owner)
