"""Go on with a step once every call of its turn is finished."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Step
from apps.runs.selectors import call_outcomes
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.execute_step import execute_step
from apps.runs.services.transition import lock_run, move_step


def resume_step(*, step_id: UUID, turn: int, at: datetime) -> list[QueuedStep]:
    """Queue the step's next turn and take it; returns the steps that became due.

    Does nothing unless the step waits in `turn` and all its calls are finished: a double, early or
    late message is harmless.
    """
    step = Step.objects.filter(id=step_id, turn=turn, status="WAITING").first()
    if step is None:
        return []
    outcomes = call_outcomes(step, turn=turn)
    if not outcomes or not all(outcome.is_finished for outcome in outcomes):
        return []
    with transaction():
        run = lock_run(step.run_id)
        if not move_step(run, step, "QUEUED", at=at, turn=turn + 1, dispatched_at=None):
            return []
    return execute_step(step_id=step_id, turn=turn + 1, at=at)
