"""Whom a call is charged to, with accounts that are opened when they are missing."""

from apps.tenants.contracts import Spending
from apps.tenants.selectors import Spender, spending
from apps.tenants.services.open_account import open_month_accounts


def open_spending(spender: Spender) -> Spending:
    """Whom a call is charged to, and every account that it is booked on: of the run and those it
    works for, and the month's of tenant, user and key, which are opened on their first use. User
    and key are those of a call without a run; a run knows its own."""
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
