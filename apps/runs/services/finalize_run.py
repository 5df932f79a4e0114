"""The work that follows a run's end and that nobody waits for."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Checkpoint, Run
from apps.runs.states import RUN


def finalize_run(*, run_id: UUID, at: datetime) -> bool:
    """Prune the checkpoints of a finished run. Harmless when repeated; opens a transaction."""
    with transaction():
        finished = Run.objects.filter(id=run_id, status__in=RUN.terminal, finalized_at=None).update(
            finalized_at=at
        )
        if finished:
            Checkpoint.objects.filter(step__run_id=run_id).delete()
    return bool(finished)
