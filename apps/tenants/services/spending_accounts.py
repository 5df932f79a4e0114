"""The accounts of a call, opened when they are missing."""

from datetime import datetime
from uuid import UUID

from apps.tenants.contracts import AccountRoom
from apps.tenants.selectors import spending
from apps.tenants.services.open_account import open_month_accounts


def spending_accounts(
    *, tenant_id: UUID, run_id: UUID | None, at: datetime
) -> tuple[AccountRoom, ...]:
    """Every account that a call made at `at` is booked on: of the run and those it works for, and
    the month's of tenant, user and key, which are opened on their first use."""
    found = spending(tenant_id=tenant_id, run_id=run_id, at=at)
    if not found.is_whole:
        open_month_accounts(
            tenant_id=tenant_id, user_id=found.user_id, api_key_id=found.api_key_id, at=at
        )
        found = spending(tenant_id=tenant_id, run_id=run_id, at=at)
    return found.accounts
