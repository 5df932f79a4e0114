"""A step's own time is up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Step
from apps.runs.models.step import LIVE
from apps.runs.services.abandon_steps import cancel_work_of
from apps.runs.services.advance_run import advance
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.settle import fail
from apps.runs.services.transition import cancel_items, lock_run

TIMEOUT: dict[str, Any] = {
    "code": "timeout",
    "detail": "The step took longer than its timeout_seconds.",
}


def expire_step(*, run_id: UUID, step_id: UUID, at: datetime) -> list[QueuedStep]:
    """Fail a live step that passed its deadline, take back what it started, and advance the run;
    returns the steps then due. Its worker loses the fence. Opens a transaction."""
    with transaction():
        run = lock_run(run_id)
        step = Step.objects.get(id=step_id)
        if step.status not in LIVE or step.deadline_at is None or step.deadline_at > at:
            return []
        cancel_items(run, step, at=at)
        fail(run, step, TIMEOUT, at=at)
        cancel_work_of(run, step, at=at)
        return advance(run, at=at)
