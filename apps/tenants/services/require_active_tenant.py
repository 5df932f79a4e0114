"""Refuse new work for a tenant that is not active."""

from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import require_transaction, scope_connection
from apps.tenants.contracts import TenantInactive
from apps.tenants.models import Tenant


def require_active_tenant(*, tenant_id: UUID) -> None:
    """Raises TenantInactive for a suspended or deleted tenant, NotFound for none."""
    status = Tenant.objects.filter(pk=tenant_id).values_list("status", flat=True).first()
    _require_active(status)


def keep_tenant_active(*, tenant_id: UUID) -> None:
    """The same, and the answer holds until the caller's transaction ends: suspending waits for it,
    so that the cancelling that follows finds all that was added. Requires a transaction."""
    status = hold_status(tenant_id)
    _require_active(status)


def hold_status(tenant_id: UUID) -> str | None:
    """The tenant's status, which nobody changes before the transaction ends; None for no tenant.

    Many may hold it at once. Requires a transaction.
    """
    require_transaction()
    with scope_connection().cursor() as cursor:
        cursor.execute("select status from tenants where id = %s for share", [tenant_id])
        row = cursor.fetchone()
    return row[0] if row else None


def _require_active(status: str | None) -> None:
    if status is None:
        raise NotFound("There is no such tenant.")
    if status != Tenant.Status.ACTIVE:
        raise TenantInactive(f"The tenant is {status}: nothing new can be started.")
