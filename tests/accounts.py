"""The accounts of a call."""

from datetime import datetime
from uuid import UUID

from apps.tenants.contracts import AccountRoom
from apps.tenants.selectors import Spender
from apps.tenants.services.open_spending import open_spending


def spending_accounts(
    *, tenant_id: UUID, run_id: UUID | None, at: datetime
) -> tuple[AccountRoom, ...]:
    """Every account that a call made at `at` is booked on, opened where it is missing."""
    return open_spending(Spender(tenant_id=tenant_id, run_id=run_id, at=at)).accounts
