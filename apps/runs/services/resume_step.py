"""Go on with a step once every call of its turn is finished."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.gateway import facade as gateway
from apps.runs.models import Step
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.execute_step import execute_step
from apps.runs.services.transition import lock_run, move_step
from apps.tools import facade as tools


def resume_step(*, step_id: UUID, turn: int, at: datetime) -> list[QueuedStep]:
    """Queue the step's next turn and take it; returns the steps that became due.

    Does nothing unless the step waits in `turn` and all its calls are finished: a double, early or
    late message is harmless.
    """
    step = Step.objects.filter(id=step_id, turn=turn, status="WAITING").first()
    if step is None or not _is_answered(step):
        return []
    with transaction():
        run = lock_run(step.run_id)
        if not move_step(run, step, "QUEUED", at=at, turn=turn + 1, dispatched_at=None):
            return []
    return execute_step(step_id=step_id, turn=turn + 1, at=at)


def _is_answered(step: Step) -> bool:
    where = {"step_id": step.id, "attempt": step.attempt, "turn": step.turn}
    outcomes = (*gateway.outcomes(**where), *tools.outcomes(**where))
    return bool(outcomes) and all(outcome.is_finished for outcome in outcomes)
