"""Go on with a step once every call of its turn is finished."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Run, Step
from apps.runs.services.claim import Claim
from apps.runs.services.claim_step import recorded_outcomes, take_alone
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.execute_step import take_claimed
from apps.runs.services.lock_run import lock_run_of, locked_step
from apps.runs.services.transition import move_step


def resume_step(
    *, step_id: UUID, turn: int, at: datetime, goes_on: bool = False
) -> list[QueuedStep]:
    """Queue and claim the step's next turn and take it; returns the steps that became due.

    Does nothing unless the step waits in `turn` and all its calls are finished: a double, early or
    late message is harmless. With `goes_on`, as commit_turn says.
    """
    try:
        with transaction():
            claim = _claim_next(step_id, turn, at=at)
    except Run.DoesNotExist:  # purged meanwhile
        return []
    return [] if claim is None else take_claimed(claim, at=at, goes_on=goes_on)


def _claim_next(step_id: UUID, turn: int, *, at: datetime) -> Claim | None:
    run = lock_run_of(step_id, calls_of=turn)
    step = locked_step(run, step_id)
    is_waiting = step.status == "WAITING" and step.waits_for == Step.WaitsFor.CALLS
    if not is_waiting or step.turn != turn:
        return None
    outcomes = recorded_outcomes(run, step)
    if not outcomes or not all(outcome.is_finished for outcome in outcomes):
        return None
    move_step(run, step, "QUEUED", at=at, turn=turn + 1, dispatched_at=None)
    return take_alone(run, step, outcomes=outcomes, at=at)
