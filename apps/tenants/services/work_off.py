"""Do a long work in small steps, tenant by tenant, and stop when it is enough."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

log = structlog.get_logger("tenants")

ENOUGH = timedelta(seconds=5)
"""How long one round goes on: other work waits for the same worker."""

Clock = Callable[[], datetime]
Step = Callable[[UUID, datetime], bool]


def work_off(step: Step, tenant_ids: Iterable[UUID], *, clock: Clock, until: datetime) -> bool:
    """Repeat `step` for each tenant while it says that there is more. False when `until` came
    first. What goes wrong for one tenant does not keep the others waiting."""
    for tenant_id in tenant_ids:
        try:
            while step(tenant_id, clock()):
                if clock() >= until:
                    return False
        except Exception:
            log.exception("tenant.work_failed", tenant_id=str(tenant_id))
    return True
