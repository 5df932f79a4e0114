"""The accounts of a call, opened when they are missing."""

from datetime import datetime
from uuid import UUID

from apps.tenants.contracts import AccountRoom
from apps.tenants.selectors import account_rooms
from apps.tenants.services.open_account import open_tenant_accounts


def spending_accounts(
    *, tenant_id: UUID, run_id: UUID | None, at: datetime
) -> tuple[AccountRoom, ...]:
    """Every account that a call made at `at` is booked on; opens the month's on its first use."""
    accounts = account_rooms(tenant_id=tenant_id, run_id=run_id, at=at)
    if not any(account.kind == "tenant" for account in accounts):
        open_tenant_accounts(tenant_id=tenant_id, at=at)
        accounts = account_rooms(tenant_id=tenant_id, run_id=run_id, at=at)
    return accounts
