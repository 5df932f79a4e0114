"""The alert that a budget grows short, or has no room for a call."""

from datetime import date
from typing import Any
from uuid import UUID

from agentplatform.core.money import format_usd
from apps.tenants.contracts import AccountKind, NewAlert, Unit


def budget_alert(
    *,
    account_id: int,
    tenant_id: UUID,
    kind: AccountKind,
    owner_id: UUID,
    unit: Unit,
    period: date | None,
    used: int,
    limit: int,
    threshold: float,
) -> NewAlert:
    """`used` has reached `threshold` of `limit`; 1 or more is all of it. Said once for an account,
    which is one month's, or a run's, and the threshold."""
    details: dict[str, Any] = {
        "owner": kind,
        "owner_id": str(owner_id),
        "unit": unit,
        "month": period.isoformat() if period else None,
        "threshold": threshold,
        "used": used,
        "limit": limit,
    }
    return NewAlert(
        kind="budget_exceeded" if threshold >= 1 else "budget_threshold",
        subject=f"{kind}:{owner_id}",
        once_per=f"account:{account_id}:{str(threshold).removesuffix('.0')}",
        tenant_id=tenant_id,
        details=details,
    )


def budget_details(details: dict[str, Any]) -> dict[str, Any]:
    """The details of such an alert as they are shown: amounts as decimal strings, in tokens or
    USD."""
    is_usd = details["unit"] == "nanos"
    amounts = {
        name: format_usd(details[name]) if is_usd else str(details[name])
        for name in ("used", "limit")
    }
    return {**details, **amounts, "unit": "usd" if is_usd else "tokens"}
