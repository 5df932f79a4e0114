"""Cancel the child runs that nobody waits for any more."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.runs.contracts import RunFinished
from apps.runs.models import Run, Step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.states import RUN, STEP

UNFINISHED = ("PENDING", "RUNNING")


def cancel_children(*, run_id: UUID, at: datetime) -> int:
    """Cancel the unfinished children of a run that is over, or whose step for them is; returns how
    many. Harmless when repeated. Opens a transaction for each."""
    return cancel_runs(list(orphans().filter(parent_run_id=run_id)), at=at)


def cancel_runs(runs: list[Run], *, at: datetime) -> int:
    """Cancel each of these runs that is not over meanwhile."""
    for run in runs:
        with suppress(RunFinished):
            cancel_run(run_id=run.id, at=at)
    return len(runs)


def orphans() -> QuerySet[Run]:
    """Unfinished runs whose parent run, or the step of it that waited for them, is over."""
    over = Step.objects.filter(id=OuterRef("parent_step_id"), status__in=STEP.terminal)
    is_orphan = Q(parent_run__status__in=RUN.terminal) | Q(Exists(over))
    rows = Run.objects.filter(finalized_at=None, status__in=UNFINISHED, parent_run__isnull=False)
    return rows.filter(is_orphan)
