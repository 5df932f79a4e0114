"""Show how much waits for places."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from prometheus_client import Gauge

from agentplatform.core.postgresql.backlog import count_backlog
from agentplatform.telemetry.metrics import CALLS_WAITING, RUNS_WAITING, tenant_label
from apps.gateway import facade as gateway
from apps.runs.models import Served
from apps.runs.states import MAX_DEPTH
from apps.tools import facade as tools

MOST = 100_000


def count_waiting() -> None:
    """Set the gauges of runs and calls that wait, of each tenant up to MOST, and to zero for a
    tenant of which nothing waits any more. Needs the platform's scope."""
    runs: Counter[UUID] = Counter()
    for depth in range(MAX_DEPTH + 1):
        where = f"waits_for_place and depth = {depth}"
        runs.update(count_backlog("runs", where=where, limit=MOST))
    calls: Counter[UUID] = Counter()
    for owner in (gateway.held_calls, tools.held_calls):
        calls.update(owner.backlog(limit=MOST))
    waiting = runs.keys() | calls.keys()
    Served.objects.bulk_create((Served(tenant_id=one) for one in waiting), ignore_conflicts=True)
    known = list(Served.objects.values_list("tenant_id", flat=True))
    for gauge, found in ((RUNS_WAITING, runs), (CALLS_WAITING, calls)):
        _show(gauge, {tenant_id: found.get(tenant_id, 0) for tenant_id in known})


def _show(gauge: Gauge, found: Mapping[UUID, int]) -> None:
    """Tenants beyond the labels that are kept are shown as one."""
    shown: Counter[str] = Counter()
    for tenant_id, number in found.items():
        shown[tenant_label(str(tenant_id))] += number
    for label, number in shown.items():
        gauge.labels(label).set(number)
