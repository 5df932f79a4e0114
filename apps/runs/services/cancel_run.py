"""Cancel a run at its owner's wish, or because its time is up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.contracts import RunFinished
from apps.runs.services.finish_run import finish_run
from apps.runs.services.lock_run import lock_run

DEADLINE: dict[str, Any] = {
    "code": "timeout",
    "detail": "The run passed its deadline; raise defaults.timeout_seconds to give it longer.",
}


def cancel_run(*, run_id: UUID, at: datetime) -> None:
    """Move the run to CANCELLED at once. Raises RunFinished when it was over.

    Opens a transaction.
    """
    with transaction():
        run = lock_run(run_id)
        if not finish_run(run, "CANCELLED", at=at):
            raise RunFinished(f"The run is {run.status}; only a run in flight can be cancelled.")


def expire_run(*, run_id: UUID, at: datetime) -> bool:
    """Move a run that passed its deadline to TIMEOUT. Opens a transaction."""
    with transaction():
        run = lock_run(run_id)
        return run.deadline_at <= at and finish_run(run, "TIMEOUT", at=at, error=DEADLINE)
