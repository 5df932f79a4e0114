"""A step's own time is up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models.step import LIVE
from apps.runs.services.advance_run import advance
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.settle import fail
from apps.runs.services.lock_run import lock_run, locked_step
from apps.runs.services.take_back import take_back

TIMEOUT: dict[str, Any] = {
    "code": "timeout",
    "detail": "The step took longer than its timeout_seconds.",
}


def expire_step(*, run_id: UUID, step_id: UUID, at: datetime) -> list[QueuedStep]:
    """Fail a live step that passed its deadline, take back what it started, and advance the run;
    returns the steps then due. Its worker loses the fence. Opens a transaction."""
    with transaction():
        run = lock_run(run_id)
        step = locked_step(run, step_id)
        if step.status not in LIVE or step.deadline_at is None or step.deadline_at > at:
            return []
        fail(run, step, TIMEOUT, at=at)
        take_back(run, step, at=at)
        return advance(run, at=at)
