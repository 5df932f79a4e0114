"""Open the accounts that calls are booked on."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import require_transaction, transaction
from apps.tenants.models import Account, Tenant
from apps.tenants.selectors import period_of


def open_tenant_accounts(*, tenant_id: UUID, at: datetime) -> None:
    """Make the month's accounts of a tenant, with its limits. Opens a transaction; harmless twice.

    The tenant's row is locked meanwhile, so that no change of its limits is missed.
    """
    with transaction():
        tenant = Tenant.objects.select_for_update(no_key=True).filter(id=tenant_id).first()
        if tenant is None:
            raise NotFound(f"There is no tenant {tenant_id}.")
        Account.objects.bulk_create(
            [
                Account(
                    tenant=tenant,
                    kind=Account.Kind.TENANT,
                    owner_id=tenant.id,
                    unit=unit,
                    period=period_of(at),
                    hard_limit=hard_limit,
                )
                for unit, hard_limit in (
                    (Account.Unit.TOKENS, tenant.token_budget_monthly),
                    (Account.Unit.NANOS, tenant.usd_budget_monthly_nanos),
                )
            ],
            ignore_conflicts=True,
        )


def open_run_account(
    *, tenant_id: UUID, run_id: UUID, token_limit: int | None, parent_run_id: UUID | None = None
) -> None:
    """Make the token account of a run. What the run uses counts for its parent's account too.

    Requires a transaction; harmless twice.
    """
    require_transaction()
    Account.objects.bulk_create(
        [
            Account(
                tenant_id=tenant_id,
                kind=Account.Kind.RUN,
                owner_id=run_id,
                parent_owner_id=parent_run_id,
                unit=Account.Unit.TOKENS,
                hard_limit=token_limit,
            )
        ],
        ignore_conflicts=True,
    )
