"""Let one change of a tenant happen at a time."""

from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import require_transaction
from apps.tenants.models import Tenant


def lock_tenant(tenant_id: UUID) -> Tenant:
    """The tenant's row, locked until the transaction ends. Raises NotFound.

    Requires a transaction. Rows that refer to the tenant can be added meanwhile.
    """
    require_transaction()
    tenant = Tenant.objects.select_for_update(no_key=True).filter(id=tenant_id).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_id}.")
    return tenant
