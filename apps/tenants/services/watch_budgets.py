"""Say once for each threshold that a budget grows short."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from agentplatform.core.transactions import scope_connection, transaction
from apps.tenants.contracts import NewAlert
from apps.tenants.services.budget_alert import budget_alert
from apps.tenants.services.raise_alert import raise_alert

_DAY: Final = timedelta(days=1)
"""No time zone is further from UTC."""

_REACHED: Final = """
select a.id as account_id, a.tenant_id, a.kind, a.owner_id, a.unit, a.period, a.posted as used,
  a.hard_limit as limit, share.threshold
from {which}
join tenants t on t.id = a.tenant_id
cross join lateral (
  select distinct unnest(t.budget_thresholds || array[t.soft_limit_ratio, 1]) as threshold
) as share
where a.hard_limit > 0 and t.status = 'active'
  and share.threshold > 0 and a.posted >= a.hard_limit * share.threshold
  and not exists (
    select from alerts
    where kind = case when share.threshold >= 1 then 'budget_exceeded' else 'budget_threshold' end
      and once_per = 'account:' || a.id || ':' || share.threshold::text
      and alerts.tenant_id = a.tenant_id)
  and {when}
order by a.id, share.threshold
"""
_OF_MONTHS: Final = _REACHED.format(
    which="accounts a",
    when="""a.period is not null and a.period between %(first)s::date and %(last)s::date
      and a.period = date_trunc('month', %(at)s::timestamptz at time zone t.time_zone)::date""",
)
_OF_RUNS: Final = _REACHED.format(
    # `offset 0` has each run's accounts looked up, whatever is known of how many there are.
    which="""unnest(%(tenant_ids)s::uuid[], %(run_ids)s::uuid[]) as run(tenant_id, id)
      cross join lateral (
        select * from accounts where tenant_id = run.tenant_id and kind = 'run'
          and owner_id = run.id and period is null offset 0
      ) a""",
    when="true",
)


def watch_budgets(*, at: datetime) -> int:
    """How many thresholds were reached since the last look: the tenant's soft limit, its further
    ones, and the limit itself, of every monthly account that has one. Each is an alert. Two looks
    at once are harmless. Opens a transaction; needs the platform's scope."""
    first, last = ((at + shift).date().replace(day=1) for shift in (-_DAY, _DAY))
    with transaction():
        found = _find(_OF_MONTHS, {"at": at, "first": first, "last": last})
        return sum(raise_alert(alert, at=at) for alert in found)


def budget_alerts_of_runs(*, runs: Collection[tuple[UUID, UUID]]) -> list[NewAlert]:
    """The same of what these runs may use, each with its tenant's id before its own; the alerts are
    still to be raised. Needs the platform's scope or the tenant's."""
    ids = {"tenant_ids": [one for one, _ in runs], "run_ids": [run_id for _, run_id in runs]}
    return _find(_OF_RUNS, ids)


def _find(query: str, arguments: dict[str, Any]) -> list[NewAlert]:
    with scope_connection().cursor() as cursor:
        cursor.execute(query, arguments)
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    return [budget_alert(**dict(zip(names, row, strict=True))) for row in rows]
