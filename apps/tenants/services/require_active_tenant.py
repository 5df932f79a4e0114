"""Refuse new work for a tenant that is not active."""

from typing import cast
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import require_transaction, scope_connection
from apps.tenants.contracts import Caps, TenantInactive
from apps.tenants.models import Tenant

STATUS = "select status from tenants where id = %(tenant_id)s"
STATUS_OF = "(select tenant.status from tenants tenant where tenant.id = {})"
"""The same within a statement of somebody else's, of the tenant in a column."""
_HOLD = """
select status, max_runs_in_flight, max_calls_in_flight from tenants where id = %s for share
"""


def require_active_tenant(*, tenant_id: UUID) -> None:
    """Raises TenantInactive for a suspended or deleted tenant, NotFound for none."""
    status = Tenant.objects.filter(pk=tenant_id).values_list("status", flat=True).first()
    require_active(status)


def keep_tenant_active(*, tenant_id: UUID) -> Caps:
    """The same, and the answer holds until the caller's transaction ends: suspending waits for it,
    so that the cancelling that follows finds all that was added. Returns the tenant's caps of the
    moment. Requires a transaction."""
    status, runs, calls = _hold(tenant_id) or (None, None, None)
    require_active(status)
    return Caps(runs=runs, calls=calls)


def hold_status(tenant_id: UUID) -> str | None:
    """The tenant's status, which nobody changes before the transaction ends; None for no tenant.

    Many may hold it at once. Requires a transaction.
    """
    held = _hold(tenant_id)
    return held[0] if held else None


def _hold(tenant_id: UUID) -> tuple[str, int | None, int | None] | None:
    require_transaction()
    with scope_connection().cursor() as cursor:
        cursor.execute(_HOLD, [tenant_id])
        return cast("tuple[str, int | None, int | None] | None", cursor.fetchone())


def require_active(status: str | None) -> None:
    """The same for a status that was just read; None: there is no such tenant."""
    if status is None:
        raise NotFound("There is no such tenant.")
    if status != Tenant.Status.ACTIVE:
        raise TenantInactive(f"The tenant is {status}: nothing new can be started.")
