"""Create a tenant."""

from datetime import datetime

from django.utils.text import slugify

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from apps.tenants.services.insert import insert
from apps.tenants.services.record_change import record_change


def create_tenant(
    *,
    name: str,
    at: datetime,
    slug: str | None = None,
    token_budget: int | None = None,
    usd_budget_nanos: int | None = None,
) -> Tenant:
    """An active tenant. Without a `slug` it is made of the name; None budgets are no limits.

    Raises InvalidInput, or Conflict when the slug is taken. Opens a transaction.
    """
    slug = slug if slug is not None else slugify(name)[:63]
    if not slug:
        raise InvalidInput("Give a slug: the name has no letters or digits to make one of.")
    tenant = Tenant(
        name=name.strip(),
        slug=slug,
        token_budget_monthly=token_budget,
        usd_budget_monthly_nanos=usd_budget_nanos,
    )
    with transaction():
        insert(
            tenant, taken=f"There is a tenant with the slug {slug!r} already. Choose another slug."
        )
        record_change(
            tenant_id=tenant.id,
            action="tenant.created",
            target=("tenant", tenant.id),
            at=at,
            after={"name": tenant.name, "slug": slug, "token_budget_monthly": token_budget,
                   "usd_budget_monthly_nanos": usd_budget_nanos},
        )  # fmt: skip
    return tenant
