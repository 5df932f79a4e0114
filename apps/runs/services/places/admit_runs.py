"""Start the runs that wait, as far as there are places."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count

from agentplatform.core.advisory_locks import lock_until_commit
from agentplatform.core.postgresql.backlog import count_backlog
from agentplatform.core.transactions import after_commit, transaction
from apps.runs.models import Run
from apps.runs.services.dispatch import send_advance
from apps.runs.services.places.turns import BATCH, next_turns
from apps.runs.services.transition import move_run


def admit_runs(*, at: datetime) -> int:
    """Move waiting runs to RUNNING, no more than the caps allow: tenants in turns, within one by
    priority, then by age. Returns how many; those that were BATCH may leave more to do.

    A place is a top-level run that is RUNNING. The advisory lock lets one admission count and give
    at a time. Opens a transaction; needs the platform's scope.
    """
    if not _backlog():
        return 0
    with transaction():
        lock_until_commit("places", "runs")
        backlog = _backlog()
        limit = settings.PLATFORM.max_runs_in_flight
        turns = next_turns("runs", backlog, _in_flight(None if limit else backlog), limit=limit)
        return sum(_admit(tenant_id, number, at=at) for tenant_id, number in turns.items())


def _backlog() -> dict[UUID, int]:
    return count_backlog("runs", where="waits_for_place", limit=BATCH)


def _in_flight(tenant_ids: dict[UUID, int] | None) -> Counter[UUID]:
    rows = Run.objects.filter(status="RUNNING", parent_run=None)
    if tenant_ids is not None:
        rows = rows.filter(tenant_id__in=tenant_ids)
    return Counter(dict(rows.order_by().values_list("tenant_id").annotate(Count("id"))))


def _admit(tenant_id: UUID, number: int, *, at: datetime) -> int:
    """A run whose row is locked is being cancelled: it is passed over."""
    rows = Run.objects.filter(tenant_id=tenant_id, waits_for_place=True)
    first = rows.order_by("-priority", "id").select_for_update(skip_locked=True)[:number]
    admitted = [run for run in first if move_run(run, "RUNNING", at=at, started_at=at)]
    for run in admitted:
        after_commit(send_advance, run_id=run.id)
    return len(admitted)
