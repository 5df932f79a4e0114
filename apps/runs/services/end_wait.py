"""The time of a waiting step has come."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Step
from apps.runs.selectors import spec_of
from apps.runs.services.advance_run import advance
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.approval import end_unanswered
from apps.runs.services.engine.wait import end_wait as end
from apps.runs.services.lock_run import lock_run, locked_step


def end_wait(*, run_id: UUID, step_id: UUID, at: datetime) -> list[QueuedStep]:
    """End a step whose wait_until has passed, and advance its run; returns the steps then due.

    Does nothing to a step that no longer waits. Opens a transaction.
    """
    with transaction():
        run = lock_run(run_id)
        step = locked_step(run, step_id)
        is_due = step.status == "WAITING" and step.wait_until and step.wait_until <= at
        if not is_due:
            return []
        node = spec_of(run).step_of(step.name, step.item_index)
        if step.waits_for == Step.WaitsFor.APPROVAL:
            end_unanswered(run, step, node, at=at)
        else:
            end(run, step, node, at=at)
        return advance(run, at=at)
