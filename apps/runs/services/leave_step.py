"""Give a claimed step back untouched, for another worker to take."""

from datetime import datetime, timedelta

from apps.runs.models import Run, Step
from apps.runs.services.transition import move_step
from apps.runs.services.turns.turn import Left

LEFT_SECONDS = 15
"""How long until the step is sent again. Nothing is known of who will get it."""


def leave_step(run: Run, step: Step, result: Left, *, at: datetime) -> None:
    """Move the step of a locked run to RETRYING in the same attempt and turn, so that it costs
    neither. A lost fence leaves everything as it is. Requires a transaction."""
    error = {"code": result.code, "detail": result.detail}
    move_step(
        run,
        step,
        "RETRYING",
        at=at,
        data={**error, "attempt": step.attempt, "wait_seconds": LEFT_SECONDS},
        error=error,
        next_attempt_at=at + timedelta(seconds=LEFT_SECONDS),
        lease_token=None,
    )
