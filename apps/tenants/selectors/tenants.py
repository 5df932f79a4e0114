"""What a tenant is, and is set to."""

from collections.abc import Iterable
from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tenants.contracts import Caps
from apps.tenants.models import Tenant


def tenant_of_slug(slug: str) -> UUID:
    """The tenant that has the slug, or else the last one that had it. Raises NotFound."""
    tenants = Tenant.objects.filter(slug=slug)
    tenant = tenants.exclude(status="deleted").first() or tenants.order_by("-id").first()
    if tenant is None:
        raise NotFound(f"There is no tenant with the slug {slug!r}.")
    return tenant.id


def time_zone_of(tenant_id: UUID) -> str:
    """Whose months and days count for the tenant."""
    return Tenant.objects.values_list("time_zone", flat=True).get(id=tenant_id)


def caps_of_active(tenant_ids: Iterable[UUID]) -> dict[UUID, Caps]:
    """The caps of those of the tenants that are active."""
    rows = Tenant.objects.filter(id__in=list(tenant_ids), status=Tenant.Status.ACTIVE)
    return {
        row.id: Caps(runs=row.max_runs_in_flight, calls=row.max_calls_in_flight) for row in rows
    }
