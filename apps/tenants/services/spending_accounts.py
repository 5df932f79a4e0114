"""The accounts of a call, opened when they are missing."""

from datetime import datetime
from uuid import UUID

from apps.tenants.contracts import AccountRoom, Spending
from apps.tenants.selectors import Spender, spending
from apps.tenants.services.open_account import open_month_accounts


def spending_accounts(
    *,
    tenant_id: UUID,
    run_id: UUID | None,
    at: datetime,
    user_id: UUID | None = None,
    api_key_id: UUID | None = None,
) -> tuple[AccountRoom, ...]:
    """Every account that a call made at `at` is booked on: of the run and those it works for, and
    the month's of tenant, user and key, which are opened on their first use. User and key are those
    of a call without a run; a run knows its own."""
    spender = Spender(
        tenant_id=tenant_id, run_id=run_id, at=at, user_id=user_id, api_key_id=api_key_id
    )
    return open_spending(spender).accounts


def open_spending(spender: Spender) -> Spending:
    """The same, and whom the call is charged to."""
    found = spending(spender)
    if not found.is_whole:
        open_month_accounts(
            tenant_id=spender.tenant_id,
            user_id=found.user_id,
            api_key_id=found.api_key_id,
            at=spender.at,
        )
        found = spending(spender)
    return found
