"""Say once a month and threshold that a budget grows short."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from agentplatform.core.transactions import scope_connection, transaction
from agentplatform.telemetry.metrics import BUDGET_ALERTS, tenant_label

log = structlog.get_logger("budgets")

_DAY: Final = timedelta(days=1)
"""No time zone is further from UTC."""

_REACHED: Final = """
with reached as (
  insert into budget_alerts (tenant_id, account_id, threshold, used, hard_limit, created_at)
  select a.tenant_id, a.id, share.threshold, a.posted, a.hard_limit, %(at)s
  from accounts a join tenants t on t.id = a.tenant_id
  cross join lateral (
    select distinct unnest(t.budget_thresholds || array[t.soft_limit_ratio, 1]) as threshold
  ) as share
  where a.hard_limit > 0 and a.period is not null and t.status = 'active'
    and a.period between %(first)s::date and %(last)s::date
    and a.period = date_trunc('month', %(at)s::timestamptz at time zone t.time_zone)::date
    and share.threshold > 0 and a.posted >= a.hard_limit * share.threshold
    and not exists (
      select from budget_alerts b where b.account_id = a.id and b.threshold = share.threshold)
  on conflict do nothing
  returning tenant_id, account_id, threshold, used, hard_limit
)
select r.tenant_id, a.kind, a.owner_id, a.unit, r.threshold, r.used, r.hard_limit
from reached r join accounts a on a.id = r.account_id
order by r.account_id, r.threshold
"""


def watch_budgets(*, at: datetime) -> int:
    """How many thresholds were reached since the last look: the tenant's soft limit, its further
    ones, and the limit itself, of every monthly account that has one. Each is written down, logged
    and counted once. Two looks at once are harmless. Opens a transaction; needs the platform's
    scope."""
    first, last = ((at + shift).date().replace(day=1) for shift in (-_DAY, _DAY))
    with transaction(), scope_connection().cursor() as cursor:
        cursor.execute(_REACHED, {"at": at, "first": first, "last": last})
        rows = cursor.fetchall()
    for tenant_id, kind, owner_id, unit, threshold, used, hard_limit in rows:
        BUDGET_ALERTS.labels(
            tenant_id=tenant_label(tenant_id), kind=kind, threshold=f"{threshold:g}"
        ).inc()
        log.warning(
            "budget.threshold_reached",
            tenant_id=str(tenant_id),
            kind=kind,
            owner_id=str(owner_id),
            unit=unit,
            threshold=threshold,
            used=used,
            hard_limit=hard_limit,
        )
    return len(rows)
