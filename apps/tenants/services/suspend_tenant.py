"""Stop a tenant for the time being."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import after_commit, transaction
from apps.tenants.models import Tenant
from apps.tenants.services.dispatch import send_tend
from apps.tenants.services.move_tenant import move_tenant


def suspend_tenant(*, tenant_id: UUID, at: datetime, reason: str = "") -> None:
    """Nothing new starts for the tenant from the commit on; what runs is cancelled right after.

    A second time changes nothing. Raises NotFound, or Conflict for a deleted tenant. Opens a
    transaction.
    """
    with transaction():
        status = Tenant.Status.SUSPENDED
        if move_tenant(tenant_id, status, action="tenant.suspended", at=at, reason=reason):
            after_commit(send_tend)
