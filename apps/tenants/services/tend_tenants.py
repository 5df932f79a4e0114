"""Finish what suspending and deleting a tenant began."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from agentplatform.core.transactions import transaction
from apps.tenants.models import Reservation, Tenant
from apps.tenants.services.holdings import all_holdings
from apps.tenants.services.purge_batch import PurgedElsewhere, purge_batch
from apps.tenants.services.record_change import record_change
from apps.tenants.services.require_active_tenant import hold_status
from apps.tenants.services.work_off import ENOUGH, Clock, work_off

CANCEL_BATCH = 20
LATE = timedelta(hours=1)
"""How long after the purge a worker may still write: longer than any model or tool call."""


def tend_tenants(*, clock: Clock) -> bool:
    """Cancel what runs of tenants that are not active, and purge the deleted ones. False when
    there was more to do than is ENOUGH for one round.

    The rows say what is due, so two rounds at once, one killed or one too many are harmless. Opens
    short transactions of its own.
    """
    at = clock()
    until = at + ENOUGH
    stopped = _unfinished(at, "suspended", "deleted")
    if not work_off(_cancel_some, stopped, clock=clock, until=until):
        return False  # what still runs is not purged
    return work_off(_purge_some, _unfinished(at, "deleted"), clock=clock, until=until)


def _unfinished(at: datetime, *statuses: str) -> list[UUID]:
    rows = Tenant.objects.filter(Q(purged_at=None) | Q(purged_at__gt=at - LATE))
    return list(rows.filter(status__in=statuses).values_list("id", flat=True))


class _Resumed(Exception):
    """Nothing is cancelled after all."""


def _cancel_some(tenant_id: UUID, at: datetime) -> bool:
    """What hangs on something of another app is cancelled with that: one app at a time.

    The status is asked last, for everybody locks the work first and then the tenant.
    """
    try:
        with transaction():
            is_some = any(
                holdings.cancel_work(tenant_id=tenant_id, at=at, limit=CANCEL_BATCH)
                for holdings in all_holdings()
            )
            if hold_status(tenant_id) == Tenant.Status.ACTIVE:
                raise _Resumed
            return is_some
    except _Resumed:
        return False


def _purge_some(tenant_id: UUID, at: datetime) -> bool:
    try:
        deleted = purge_batch(tenant_id=tenant_id, ended_before=None, at=at)
    except PurgedElsewhere:
        return False
    if not deleted:
        _mark_purged(tenant_id, at)
    return bool(deleted)


def _mark_purged(tenant_id: UUID, at: datetime) -> None:
    """Unless an amount is still held: its call is charged, and may be written about, first."""
    unmarked = Tenant.objects.filter(id=tenant_id, purged_at=None)
    with transaction():
        if Reservation.objects.filter(tenant_id=tenant_id).exists():
            return
        if unmarked.update(purged_at=at):
            record_change(
                tenant_id=tenant_id,
                action="tenant.purged",
                target=("tenant", tenant_id),
                at=at,
                after={"purged_at": at},
            )
