"""A step's attempt failed: try again later, or give the step up."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.runs.models import Checkpoint, Run, Step
from apps.runs.selectors import spec_of
from apps.runs.services.advance_run import advance
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.transition import move_step
from apps.runs.states import backoff_seconds, may_retry


def fail_step(
    run: Run,
    step: Step,
    error: dict[str, Any],
    *,
    at: datetime,
    token: UUID | None,
    is_retryable: bool = False,
    least_wait_seconds: float = 0.0,
) -> list[QueuedStep]:
    """Move a RUNNING step of a locked run to RETRYING or FAILED, and advance the run.

    `error` holds code and detail. The next attempt is not made before `least_wait_seconds` are
    over. Returns the steps that became due. Requires a transaction.
    """
    if may_retry(is_retryable=is_retryable, attempt=step.attempt, max_attempts=step.max_attempts):
        _retry(run, step, error, at=at, token=token, least_wait_seconds=least_wait_seconds)
        return []
    moved = move_step(
        run, step, "FAILED", at=at, token=token, data=error, error=error, completed_at=at
    )
    return advance(run, at=at) if moved else []


def _retry(
    run: Run,
    step: Step,
    error: dict[str, Any],
    *,
    at: datetime,
    token: UUID | None,
    least_wait_seconds: float,
) -> None:
    """An agent goes on from its checkpoint, asking again for what failed; others start anew."""
    spec = spec_of(run)
    retry = spec.step_of(step.name, step.item_index).retry or spec.defaults.retry
    wait = max(least_wait_seconds, backoff_seconds(backoff=retry.backoff, attempt=step.attempt))
    checkpoint = Checkpoint.objects.filter(step_id=step.id).only("turn").first()
    move_step(
        run,
        step,
        "RETRYING",
        at=at,
        token=token,
        data={**error, "attempt": step.attempt, "wait_seconds": wait},
        error=error,
        attempt=step.attempt + 1,
        turn=checkpoint.turn if checkpoint else 0,
        next_attempt_at=at + timedelta(seconds=wait),
        lease_token=None,
    )
