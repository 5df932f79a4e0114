"""Change what a user, an API key or each run of a tenant may use, for the running month too."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import require_transaction, transaction
from apps.tenants.contracts import EACH_RUN, BudgetOwner
from apps.tenants.models import Account, ApiKey, Budget, Tenant, User
from apps.tenants.selectors import budgets_of
from apps.tenants.services.limit_accounts import check_limits, limit_accounts
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change

Values = dict[str, int | None]


def set_member_budget(
    *,
    tenant_id: UUID,
    owner: BudgetOwner,
    token_limit: int | None,
    usd_limit_nanos: int | None,
    at: datetime,
) -> tuple[Budget, bool]:
    """Set both limits; None means no limit. Those of a user or a key are monthly and hold at once,
    those of EACH_RUN for the runs that start from now on. The budget, and whether it is new.

    Raises InvalidInput, and NotFound for a user or a key that is not the tenant's. Opens a
    transaction.
    """
    check_limits(token_limit=token_limit, usd_limit_nanos=usd_limit_nanos)
    with transaction():
        tenant = lock_tenant(tenant_id)
        _require_owner(tenant_id, owner)
        held = find_budget(tenant_id=tenant_id, owner=owner)
        before = _values(held) if held else {}
        budget = held or Budget(
            tenant=tenant, user_id=owner.user_id, api_key_id=owner.api_key_id, changed_at=at
        )
        budget.token_limit, budget.usd_limit_nanos = token_limit, usd_limit_nanos
        if before != _values(budget):
            budget.changed_at = at
            budget.save()
            _apply(tenant, owner, before, _values(budget), at)
    return budget, held is None


def remove_member_budget(*, tenant_id: UUID, owner: BudgetOwner, at: datetime) -> None:
    """From now on there is no limit. Raises NotFound when there is none. Opens a transaction."""
    with transaction():
        tenant = lock_tenant(tenant_id)
        budget = find_budget(tenant_id=tenant_id, owner=owner)
        if budget is None:
            raise NotFound("There is no budget of this owner.")
        budget.delete()
        _apply(tenant, owner, _values(budget), {}, at)


def copy_key_budget(*, tenant_id: UUID, old_id: UUID, new_id: UUID, at: datetime) -> None:
    """Let a key's successor have its limits, if it has any. Requires a transaction."""
    require_transaction()
    budget = find_budget(tenant_id=tenant_id, owner=BudgetOwner(api_key_id=old_id))
    if budget is not None:
        set_member_budget(
            tenant_id=tenant_id,
            owner=BudgetOwner(api_key_id=new_id),
            token_limit=budget.token_limit,
            usd_limit_nanos=budget.usd_limit_nanos,
            at=at,
        )


def find_budget(*, tenant_id: UUID, owner: BudgetOwner) -> Budget | None:
    """The owner's budget, if there is one."""
    return budgets_of(tenant_id=tenant_id, owner=owner).first()


def _require_owner(tenant_id: UUID, owner: BudgetOwner) -> None:
    users, keys = (model.objects.filter(tenant_id=tenant_id) for model in (User, ApiKey))
    if owner.user_id is not None and not users.filter(id=owner.user_id).exists():
        raise NotFound(f"There is no user {owner.user_id}.")
    if owner.api_key_id is not None and not keys.filter(id=owner.api_key_id).exists():
        raise NotFound(f"There is no API key {owner.api_key_id}.")


def _apply(tenant: Tenant, owner: BudgetOwner, before: Values, after: Values, at: datetime) -> None:
    """Write the audit, and limit the accounts that are open; those of runs keep what they have."""
    record_change(
        tenant_id=tenant.id,
        action="budget.changed" if after else "budget.removed",
        target=("budget", owner.user_id or owner.api_key_id or tenant.id),
        at=at,
        before=before,
        after=after,
    )
    if owner == EACH_RUN:
        return
    owner_id = owner.user_id or owner.api_key_id
    assert owner_id is not None
    limit_accounts(
        tenant=tenant,
        kind=Account.Kind.USER if owner.user_id else Account.Kind.KEY,
        owner_id=owner_id,
        token_limit=after.get("token_limit"),
        usd_limit_nanos=after.get("usd_limit_nanos"),
        at=at,
    )


def _values(budget: Budget) -> Values:
    return {"token_limit": budget.token_limit, "usd_limit_nanos": budget.usd_limit_nanos}
