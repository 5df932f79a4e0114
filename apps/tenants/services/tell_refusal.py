"""That an account had no room for a call."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.models import Account
from apps.tenants.services.budget_alert import budget_alert
from apps.tenants.services.raise_alert import raise_alert


def tell_refusal(*, tenant_id: UUID, account_id: int, at: datetime) -> bool:
    """Raise the alert that the limit of this account is exceeded, with what is used of it; once for
    an account, as when all of it is used. Whether it is new. Opens a transaction in the tenant's
    scope."""
    with tenant_scope(tenant_id), transaction():
        account = Account.objects.filter(id=account_id, hard_limit__isnull=False).first()
        if account is None:  # the limit was lifted meanwhile
            return False
        alert = budget_alert(
            account_id=account.id,
            tenant_id=tenant_id,
            kind=account.kind,  # type: ignore[arg-type]
            owner_id=account.owner_id,
            unit=account.unit,  # type: ignore[arg-type]
            period=account.period,
            used=account.posted,
            limit=account.hard_limit or 0,
            threshold=1,
        )
        return raise_alert(alert, at=at)
