"""Delete what ended longer ago than its tenant keeps it."""

from datetime import datetime, timedelta
from uuid import UUID

from apps.tenants.contracts import Counts
from apps.tenants.models import Tenant
from apps.tenants.services.holdings import count_holdings
from apps.tenants.services.purge_batch import PurgedElsewhere, purge_batch
from apps.tenants.services.work_off import ENOUGH, Clock, work_off


def purge_expired(
    *, clock: Clock, tenant_id: UUID | None = None, enough: timedelta = ENOUGH
) -> bool:
    """Purge every tenant that has retention days, or one. False when `enough` was not enough.

    Harmless when repeated or killed. Opens short transactions of its own.
    """
    until = clock() + enough
    return work_off(_purge_some, _tenants(tenant_id), clock=clock, until=until)


def count_expired(*, tenant_id: UUID, at: datetime) -> Counts:
    """What purge_expired would delete of this tenant now."""
    ended_before = _ended_before(tenant_id, at)
    if ended_before is None:
        return {}
    return count_holdings(tenant_id=tenant_id, ended_before=ended_before)


def _tenants(tenant_id: UUID | None) -> list[UUID]:
    rows = Tenant.objects.filter(retention_days__isnull=False).exclude(status="deleted")
    return list((rows.filter(id=tenant_id) if tenant_id else rows).values_list("id", flat=True))


def _purge_some(tenant_id: UUID, at: datetime) -> bool:
    ended_before = _ended_before(tenant_id, at)
    if ended_before is None:
        return False
    try:
        return bool(purge_batch(tenant_id=tenant_id, ended_before=ended_before, at=at))
    except PurgedElsewhere:
        return False


def _ended_before(tenant_id: UUID, at: datetime) -> datetime | None:
    """Read anew for each batch, so that a change of mind counts at once."""
    days = Tenant.objects.values_list("retention_days", flat=True).get(id=tenant_id)
    return None if days is None else at - timedelta(days=days)
