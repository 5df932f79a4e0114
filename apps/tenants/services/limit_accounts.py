"""Put limits on the accounts that are open."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import require_transaction
from apps.tenants.models import Account, Tenant
from apps.tenants.selectors import period_of

MAX_LIMIT = 10**18
"""Of tokens and of nano-dollars: what is above is no limit."""


def check_limits(*, token_limit: int | None, usd_limit_nanos: int | None) -> None:
    """Raises InvalidInput unless each is None or an amount."""
    for name, limit in (("tokens", token_limit), ("usd", usd_limit_nanos)):
        if limit is not None and limit < 0:
            raise InvalidInput("A budget is zero or more.", errors={name: ["Name zero or more."]})
        if limit is not None and limit > MAX_LIMIT:
            raise InvalidInput(
                "A budget that large is none.", errors={name: ["Name less, or no limit."]}
            )


def limit_accounts(
    *,
    tenant: Tenant,
    kind: Account.Kind,
    owner_id: UUID,
    token_limit: int | None,
    usd_limit_nanos: int | None,
    at: datetime,
) -> None:
    """Limit the owner's accounts of this month and of later ones. Requires a transaction that has
    locked the tenant: then no account is opened meanwhile with the limits of before."""
    require_transaction()
    month = Account.objects.filter(
        tenant=tenant, kind=kind, owner_id=owner_id, period__gte=period_of(at, tenant.time_zone)
    )
    list(month.select_for_update().order_by("id").values_list("id"))  # in the order of `book`
    month.filter(unit=Account.Unit.TOKENS).update(hard_limit=token_limit)
    month.filter(unit=Account.Unit.NANOS).update(hard_limit=usd_limit_nanos)
