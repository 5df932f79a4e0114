"""Take the due turn of a queued step."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.kill_points import reach
from apps.runs.contracts import OtherRelease
from apps.runs.services.claim import Claim
from apps.runs.services.claim_step import claim_step
from apps.runs.services.commit_turn import commit_turn
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.leave_run import leaving_foreign
from apps.runs.services.take_turn import take_turn
from apps.runs.services.turns.turn import Left


def execute_step(
    *, step_id: UUID, turn: int, at: datetime, goes_on: bool = False
) -> list[QueuedStep]:
    """Claim the step, take its turn, write the result; returns the steps that became due.

    Two transactions, none of them open while the turn is taken. Harmless when repeated: without a
    claim there is no work. What another release wrote is left for a worker of it. With `goes_on`,
    as commit_turn says.
    """
    claim = None
    with leaving_foreign(step_id=step_id):
        claim = claim_step(step_id=step_id, turn=turn, at=at)
    return [] if claim is None else take_claimed(claim, at=at, goes_on=goes_on)


def take_claimed(claim: Claim, *, at: datetime, goes_on: bool = False) -> list[QueuedStep]:
    """The rest of it, for a step that is claimed."""
    reach("after_claim", "runs.execute_step")
    try:
        return commit_turn(claim, take_turn(claim), at=at, goes_on=goes_on)
    except OtherRelease as other:  # wrote the run, or a task that it starts next
        left = Left(code=other.code, detail=other.detail)
        return commit_turn(claim, left, at=at)
