"""Refuse new work for a tenant that is not active."""

from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tenants.contracts import TenantInactive
from apps.tenants.models import Tenant


def require_active_tenant(*, tenant_id: UUID) -> None:
    """Raises TenantInactive for a suspended or deleted tenant, NotFound for none."""
    status = Tenant.objects.filter(pk=tenant_id).values_list("status", flat=True).first()
    if status is None:
        raise NotFound("There is no such tenant.")
    if status != Tenant.Status.ACTIVE:
        raise TenantInactive(f"The tenant is {status}: nothing new can be started.")
