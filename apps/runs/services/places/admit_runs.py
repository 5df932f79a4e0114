"""Start the runs that wait, as far as there are places."""

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count

from agentplatform.core.advisory_locks import lock_until_commit
from agentplatform.core.postgresql.backlog import count_backlog
from agentplatform.core.transactions import after_commit, scope_connection, transaction
from apps.runs.models import Run
from apps.runs.services.dispatch import send_advance
from apps.runs.services.places.turns import BATCH, next_turns
from apps.runs.services.transition import move_run
from apps.runs.states import MAX_DEPTH

_WAITING_DEPTHS: Final = """
select depths.depth from generate_series(0, %s) as depths(depth)
where exists (select from runs where waits_for_place and runs.depth = depths.depth)
"""


def admit_runs(*, at: datetime) -> int:
    """Move waiting runs to RUNNING, no more than the caps allow: tenants in turns, within one by
    priority, then by age. Returns how many; those that were BATCH may leave more to do.

    A place is a run that is RUNNING, and there are as many at each depth of child runs: those that
    wait for their children take no places from them. The advisory lock lets one admission count
    and give at a time. Opens transactions; needs the platform's scope.
    """
    return sum(_admit_at(depth, at=at) for depth in _waiting_depths())


def _admit_at(depth: int, *, at: datetime) -> int:
    with transaction():
        lock_until_commit("places", "runs")
        backlog = count_backlog("runs", where=f"waits_for_place and depth = {depth}", limit=BATCH)
        limit = settings.PLATFORM.max_runs_in_flight
        in_flight = _in_flight(depth, None if limit else backlog)
        turns = next_turns("runs", backlog, in_flight, limit=limit)
        return sum(_admit(tenant_id, depth, number, at=at) for tenant_id, number in turns.items())


def _waiting_depths() -> list[int]:
    with scope_connection().cursor() as cursor:
        cursor.execute(_WAITING_DEPTHS, [MAX_DEPTH])
        return [depth for (depth,) in cursor.fetchall()]


def _in_flight(depth: int, tenant_ids: dict[UUID, int] | None) -> Counter[UUID]:
    rows = Run.objects.filter(status="RUNNING", depth=depth)
    if tenant_ids is not None:
        rows = rows.filter(tenant_id__in=tenant_ids)
    return Counter(dict(rows.order_by().values_list("tenant_id").annotate(Count("id"))))


def _admit(tenant_id: UUID, depth: int, number: int, *, at: datetime) -> int:
    """A run whose row is locked is being cancelled: it is passed over."""
    rows = Run.objects.filter(tenant_id=tenant_id, depth=depth, waits_for_place=True)
    first = rows.order_by("-priority", "id").select_for_update(skip_locked=True)[:number]
    admitted = [run for run in first if move_run(run, "RUNNING", at=at, started_at=at)]
    for run in admitted:
        after_commit(send_advance, run_id=run.id)
    return len(admitted)
