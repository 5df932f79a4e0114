"""Change a tenant's monthly limits, for the running month too."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.models import Account, Tenant
from apps.tenants.selectors import period_of
from apps.tenants.services.record_change import record_change


def set_budget(
    *, tenant_id: UUID, token_limit: int | None, usd_limit_nanos: int | None, at: datetime
) -> None:
    """Set both monthly limits; None means no limit. Opens a transaction.

    A limit below what is already used admits nothing new; what runs settles.
    """
    for name, limit in (("tokens", token_limit), ("usd", usd_limit_nanos)):
        if limit is not None and limit < 0:
            raise InvalidInput("A budget is zero or more.", errors={name: "must not be negative"})
    with transaction():
        tenant = Tenant.objects.select_for_update(no_key=True).filter(id=tenant_id).first()
        if tenant is None:
            raise NotFound(f"There is no tenant {tenant_id}.")
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
        month = Account.objects.filter(
            tenant_id=tenant_id, kind=Account.Kind.TENANT, period__gte=period_of(at)
        )
        list(month.select_for_update().order_by("id").values_list("id"))
        month.filter(unit=Account.Unit.TOKENS).update(hard_limit=token_limit)
        month.filter(unit=Account.Unit.NANOS).update(hard_limit=usd_limit_nanos)


def _budget(tenant: Tenant) -> dict[str, int | None]:
    return {
        "token_budget_monthly": tenant.token_budget_monthly,
        "usd_budget_monthly_nanos": tenant.usd_budget_monthly_nanos,
    }
