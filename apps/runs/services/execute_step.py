"""Take the due turn of a queued step."""

from datetime import datetime
from uuid import UUID

from apps.runs.services.claim_step import claim_step
from apps.runs.services.commit_turn import commit_turn
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.take_turn import outcomes_of, take_turn


def execute_step(*, step_id: UUID, turn: int, at: datetime) -> list[QueuedStep]:
    """Claim the step, take its turn, write the result; returns the steps that became due.

    Two transactions, none of them open while the turn is taken. Harmless when repeated: without a
    claim there is no work.
    """
    claim = claim_step(step_id=step_id, turn=turn, at=at)
    if claim is None:
        return []
    outcomes = outcomes_of(claim)
    return commit_turn(claim, take_turn(claim, outcomes), outcomes=outcomes, at=at)
