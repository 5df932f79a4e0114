"""Take the due turn of a queued step."""

from datetime import datetime
from uuid import UUID

from apps.runs.services.claim import Claim
from apps.runs.services.claim_step import claim_step
from apps.runs.services.commit_turn import commit_turn
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.take_turn import take_turn


def execute_step(
    *, step_id: UUID, turn: int, at: datetime, goes_on: bool = False
) -> list[QueuedStep]:
    """Claim the step, take its turn, write the result; returns the steps that became due.

    Two transactions, none of them open while the turn is taken. Harmless when repeated: without a
    claim there is no work. With `goes_on`, as commit_turn says.
    """
    claim = claim_step(step_id=step_id, turn=turn, at=at)
    return [] if claim is None else take_claimed(claim, at=at, goes_on=goes_on)


def take_claimed(claim: Claim, *, at: datetime, goes_on: bool = False) -> list[QueuedStep]:
    """The rest of it, for a step that is claimed."""
    return commit_turn(claim, take_turn(claim), at=at, goes_on=goes_on)
