"""Take a step for one turn, alone: a lease and a fencing token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from agentplatform.core.transactions import transaction
from agentplatform.dead_letters.bury_work import bury_work
from agentplatform.dead_letters.reasons import Reason
from apps.runs.models import Run, Step
from apps.runs.services.fail_step import fail_step
from apps.runs.services.transition import lock_run, move_step

STEP_LEASE = timedelta(seconds=20)
"""Longer than any turn: a turn never waits for a model or a tool."""

MAX_TAKEOVERS = 3

WORKER_LOST = {
    "code": "worker_lost",
    "detail": f"The step's worker died {MAX_TAKEOVERS} times in the same turn.",
}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to take the step's present turn until the lease ends."""

    run: Run
    step: Step
    token: UUID


def claim_step(*, step_id: UUID, turn: int, at: datetime) -> Claim | None:
    """Claim a step that is QUEUED for `turn`, or RUNNING it under an expired lease.

    None when there is nothing to do: another worker holds it, the turn is over, or the step has
    lost its worker too often and is failed here. Opens a transaction.
    """
    step = Step.objects.filter(id=step_id, turn=turn, status__in=("QUEUED", "RUNNING")).first()
    if step is None:
        return None
    with transaction():
        run = lock_run(step.run_id)
        step.refresh_from_db()
        if step.turn != turn or not _is_free(step, at):
            return None
        return take(run, step, at=at)


def take(run: Run, step: Step, *, at: datetime) -> Claim | None:
    """Move a free step of a locked run to RUNNING under a fresh token. Requires a transaction."""
    lost = step.takeovers + 1 if step.status == "RUNNING" else 0
    if lost >= MAX_TAKEOVERS:
        # What becomes due by that is left to recovery: there is no turn here to run on from.
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
        return None
    token = uuid4()
    taken = move_step(
        run,
        step,
        "RUNNING",
        at=at,
        token=step.lease_token if step.status == "RUNNING" else None,
        data={"attempt": step.attempt, "turn": step.turn},
        lease_token=token,
        lease_expires_at=at + STEP_LEASE,
        takeovers=lost,
        dispatched_at=None,
        started_at=step.started_at or at,
    )
    return Claim(run=run, step=step, token=token) if taken else None


def _is_free(step: Step, at: datetime) -> bool:
    if step.status == "QUEUED":
        return True
    return (
        step.status == "RUNNING"
        and step.lease_expires_at is not None
        and step.lease_expires_at <= at
    )
