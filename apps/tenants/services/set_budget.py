"""Change a tenant's monthly limits, for the running month too."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.tenants.models import Account, Tenant
from apps.tenants.services.limit_accounts import check_limits, limit_accounts
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change


def set_budget(
    *, tenant_id: UUID, token_limit: int | None, usd_limit_nanos: int | None, at: datetime
) -> None:
    """Set both monthly limits; None means no limit. Raises InvalidInput, NotFound. Opens a
    transaction.

    A limit below what is already used admits nothing new; what runs settles.
    """
    check_limits(token_limit=token_limit, usd_limit_nanos=usd_limit_nanos)
    with transaction():
        tenant = lock_tenant(tenant_id)
        before = _budget(tenant)
        tenant.token_budget_monthly = token_limit
        tenant.usd_budget_monthly_nanos = usd_limit_nanos
        tenant.save(update_fields=["token_budget_monthly", "usd_budget_monthly_nanos"])
        record_change(
            tenant_id=tenant_id,
            action="budget.changed",
            target=("tenant", tenant_id),
            at=at,
            before=before,
            after=_budget(tenant),
        )
        limit_accounts(
            tenant=tenant,
            kind=Account.Kind.TENANT,
            owner_id=tenant_id,
            token_limit=token_limit,
            usd_limit_nanos=usd_limit_nanos,
            at=at,
        )


def _budget(tenant: Tenant) -> dict[str, int | None]:
    return {
        "token_budget_monthly": tenant.token_budget_monthly,
        "usd_budget_monthly_nanos": tenant.usd_budget_monthly_nanos,
    }
