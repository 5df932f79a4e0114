"""Change what a tenant decides about itself."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import TenantSettings
from apps.tenants.models import Tenant
from apps.tenants.services.check_time_zone import check_time_zone
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change

MAX_RETENTION_DAYS = 36_500
MAX_THRESHOLDS = 10


def change_tenant(*, tenant_id: UUID, changes: TenantSettings, at: datetime) -> Tenant:
    """The tenant with these settings; what `changes` leaves out stays as it is.

    Raises InvalidInput and NotFound. Opens a transaction.
    """
    _check(changes)
    with transaction():
        tenant = lock_tenant(tenant_id)
        before = {name: getattr(tenant, name) for name in changes}
        if before == changes:
            return tenant
        for name, value in changes.items():
            setattr(tenant, name, value)
        tenant.save(update_fields=list(changes))
        record_change(
            tenant_id=tenant_id,
            action="tenant.changed",
            target=("tenant", tenant_id),
            at=at,
            before=before,
            after=dict(changes),
        )
    return tenant


def _check(changes: TenantSettings) -> None:
    days = changes.get("retention_days")
    if days is not None and not 1 <= days <= MAX_RETENTION_DAYS:
        raise InvalidInput(
            "Nothing can be kept that long.",
            errors={"retention_days": [f"Name 1 to {MAX_RETENTION_DAYS} days, or null for ever."]},
        )
    if "time_zone" in changes:
        check_time_zone(changes["time_zone"])
    check_thresholds(changes.get("budget_thresholds", []))
    if not changes.get("name", "a name").strip():
        raise InvalidInput("A tenant has a name.", errors={"name": ["Write one."]})


def check_thresholds(shares: list[float]) -> None:
    """Raises InvalidInput unless they are shares of a budget."""
    if len(shares) > MAX_THRESHOLDS or not all(0 < share < 1 for share in shares):
        raise InvalidInput(
            "These are no shares of a budget.",
            errors={"budget_thresholds": [f"Name up to {MAX_THRESHOLDS} numbers between 0 and 1."]},
        )
