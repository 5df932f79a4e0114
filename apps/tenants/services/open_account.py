"""Open the accounts that calls are booked on."""

from datetime import datetime
from typing import Final
from uuid import UUID

from agentplatform.core.postgresql.batch import Batch
from agentplatform.core.transactions import transaction
from apps.tenants.models import Account, Budget
from apps.tenants.selectors import period_of
from apps.tenants.services.lock_tenant import lock_tenant

Limits = tuple[int | None, int | None]
"""Of tokens and of nano-dollars."""


def open_month_accounts(
    *, tenant_id: UUID, at: datetime, user_id: UUID | None = None, api_key_id: UUID | None = None
) -> None:
    """Make the month's accounts of a tenant, and of a user and a key of it, with their limits.
    Raises NotFound. Opens a transaction; harmless twice.

    The tenant's row is locked meanwhile, so that no change of a limit is missed.
    """
    with transaction():
        tenant = lock_tenant(tenant_id)
        period = period_of(at, tenant.time_zone)
        own: Limits = (tenant.token_budget_monthly, tenant.usd_budget_monthly_nanos)
        owners = {(Account.Kind.TENANT, tenant_id): own}
        if user_id is not None:
            owners[Account.Kind.USER, user_id] = _limits(tenant_id, user_id=user_id)
        if api_key_id is not None:
            owners[Account.Kind.KEY, api_key_id] = _limits(tenant_id, api_key_id=api_key_id)
        Account.objects.bulk_create(
            [
                Account(
                    tenant=tenant,
                    kind=kind,
                    owner_id=owner_id,
                    unit=unit,
                    period=period,
                    hard_limit=hard_limit,
                )
                for (kind, owner_id), limits in owners.items()
                for unit, hard_limit in zip(
                    (Account.Unit.TOKENS, Account.Unit.NANOS), limits, strict=True
                )
            ],
            ignore_conflicts=True,
        )


def _limits(tenant_id: UUID, **owner: UUID) -> Limits:
    budget = Budget.objects.filter(tenant_id=tenant_id, **owner).first()
    return (budget.token_limit, budget.usd_limit_nanos) if budget else (None, None)


_OPEN_RUN: Final = """
with given(tenant_id, run_id, parent_run_id, user_id, api_key_id, token_limit) as (
  values (%s::uuid, %s::uuid, %s::uuid, %s::uuid, %s::uuid, %s::bigint)
), every as (
  select budgets.token_limit, usd_limit_nanos from budgets join given using (tenant_id)
  where budgets.user_id is null and budgets.api_key_id is null
), parent as (
  select accounts.user_id, accounts.api_key_id from accounts join given using (tenant_id)
  where kind = 'run' and owner_id = parent_run_id and unit = 'tokens' and period is null
), wanted(unit, hard_limit) as (
  select 'tokens', least(token_limit, (select token_limit from every)) from given
  union all
  select 'nanos', usd_limit_nanos from every where usd_limit_nanos is not null
)
insert into accounts (tenant_id, kind, owner_id, parent_owner_id, user_id, api_key_id, unit,
  hard_limit, posted, reserved)
select tenant_id, 'run', run_id, parent_run_id,
  coalesce(user_id, (select user_id from parent)),
  coalesce(api_key_id, (select api_key_id from parent)), unit, hard_limit, 0, 0
from given, wanted
on conflict do nothing
"""


def open_run_account(
    *,
    tenant_id: UUID,
    run_id: UUID,
    token_limit: int | None,
    parent_run_id: UUID | None = None,
    user_id: UUID | None = None,
    api_key_id: UUID | None = None,
    batch: Batch | None = None,
) -> None:
    """Make the accounts of a run: of tokens, and of USD where the tenant limits those of each run.
    The tenant's limits of each run hold beside `token_limit`. What the run uses counts for its
    parent's accounts too, and for the month of the user and the key who started it (or its parent).

    Requires a transaction; harmless twice. With a `batch`, it is done when that is sent.
    """
    sent = Batch() if batch is None else batch
    sent.run(_OPEN_RUN, [tenant_id, run_id, parent_run_id, user_id, api_key_id, token_limit])
    if batch is None:
        sent.execute()
