"""The one place that sets a tenant's status."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.errors import Conflict
from agentplatform.core.transactions import require_transaction
from apps.tenants.models import Tenant
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change
from apps.tenants.states import TENANT


def move_tenant(
    tenant_id: UUID, target: str, *, action: str, at: datetime, **reason: Any
) -> Tenant | None:
    """The tenant that has become `target`, or None when it was that before: nothing is changed.

    Raises NotFound, and Conflict where the table has no such change. Requires a transaction.
    """
    require_transaction()
    tenant = lock_tenant(tenant_id)
    if tenant.status == target:
        return None
    moved = Tenant.objects.filter(id=tenant_id, status__in=TENANT.sources_of(target))
    if not moved.update(status=target):
        raise Conflict(f"The tenant {tenant.slug} is {tenant.status} and cannot become {target}.")
    record_change(
        tenant_id=tenant_id,
        action=action,
        target=("tenant", tenant_id),
        at=at,
        before={"status": tenant.status},
        after={"status": target, **{name: text for name, text in reason.items() if text}},
    )
    tenant.status = target
    return tenant
