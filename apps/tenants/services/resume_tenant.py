"""Let a suspended tenant work again."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from apps.tenants.services.move_tenant import move_tenant


def resume_tenant(*, tenant_id: UUID, at: datetime) -> None:
    """New work is taken again. What was cancelled stays cancelled.

    A second time changes nothing. Raises NotFound, or Conflict for a deleted tenant. Opens a
    transaction.
    """
    with transaction():
        move_tenant(tenant_id, Tenant.Status.ACTIVE, action="tenant.resumed", at=at)
