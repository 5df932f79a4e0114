"""Change how many model calls and tokens a minute a tenant, its users and its keys may have."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.transactions import require_transaction, transaction
from apps.tenants.contracts import Rate, RateOwner
from apps.tenants.models import ApiKey, RateLimit, User
from apps.tenants.models.rate_limit import MAX_RATE
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change

Values = dict[str, Any]


def set_rate_limit(
    *, tenant_id: UUID, owner: RateOwner, rate: Rate, at: datetime
) -> tuple[RateLimit, bool]:
    """Give the owner a rate of its own, instead of the platform's default. The limit, and whether
    it is new. Every process follows within seconds.

    Raises InvalidInput, and NotFound for a user or a key that is not the tenant's. Opens a
    transaction.
    """
    _check(rate)
    with transaction():
        lock_tenant(tenant_id)
        _require_owner(tenant_id, owner)
        held = find_rate_limit(tenant_id=tenant_id, owner=owner)
        before = _values(held) if held else {}
        limit = held or RateLimit(
            tenant_id=tenant_id,
            user_id=owner.user_id,
            api_key_id=owner.api_key_id,
            is_each_user=owner.is_each_user,
        )
        limit.requests_per_minute = rate.requests_per_minute
        limit.tokens_per_minute = rate.tokens_per_minute
        limit.algorithm = rate.algorithm
        if before != _values(limit):
            limit.changed_at = at
            limit.save()
            _record("rate_limit.changed", tenant_id, owner, before, _values(limit), at)
    return limit, held is None


def remove_rate_limit(*, tenant_id: UUID, owner: RateOwner, at: datetime) -> None:
    """From now on what holds for everybody holds for the owner. Raises NotFound when it has no
    rate of its own. Opens a transaction."""
    with transaction():
        lock_tenant(tenant_id)
        limit = find_rate_limit(tenant_id=tenant_id, owner=owner)
        if limit is None:
            raise NotFound("There is no rate limit of this owner.")
        limit.delete()
        _record("rate_limit.removed", tenant_id, owner, _values(limit), {}, at)


def copy_key_rate_limit(*, tenant_id: UUID, old_id: UUID, new_id: UUID, at: datetime) -> None:
    """Let a key's successor have its rate, if it has one. Requires a transaction."""
    require_transaction()
    limit = find_rate_limit(tenant_id=tenant_id, owner=RateOwner(api_key_id=old_id))
    if limit is not None:
        owner = RateOwner(api_key_id=new_id)
        set_rate_limit(tenant_id=tenant_id, owner=owner, rate=rate_of(limit), at=at)


def find_rate_limit(*, tenant_id: UUID, owner: RateOwner) -> RateLimit | None:
    """The owner's own, if there is one."""
    where: Values = {
        "user_id": owner.user_id,
        "api_key_id": owner.api_key_id,
        "is_each_user": owner.is_each_user,
    }
    return RateLimit.objects.filter(tenant_id=tenant_id, **where).first()


def rate_of(limit: RateLimit) -> Rate:
    """The row as a value."""
    return Rate(**_values(limit))


def _check(rate: Rate) -> None:
    for name in ("requests_per_minute", "tokens_per_minute"):
        value = getattr(rate, name)
        if value is not None and not 1 <= value <= MAX_RATE:
            raise InvalidInput(
                "That is no rate limit.", errors={name: [f"Name 1 to {MAX_RATE}, or no limit."]}
            )
    if rate.algorithm not in RateLimit.Algorithm.values:
        known = " or ".join(RateLimit.Algorithm.values)
        raise InvalidInput("That is no rate limit.", errors={"algorithm": [f"Name {known}."]})


def _require_owner(tenant_id: UUID, owner: RateOwner) -> None:
    users, keys = (model.objects.filter(tenant_id=tenant_id) for model in (User, ApiKey))
    if owner.user_id is not None and not users.filter(id=owner.user_id).exists():
        raise NotFound(f"There is no user {owner.user_id}.")
    if owner.api_key_id is not None and not keys.filter(id=owner.api_key_id).exists():
        raise NotFound(f"There is no API key {owner.api_key_id}.")


def _record(
    action: str, tenant_id: UUID, owner: RateOwner, before: Values, after: Values, at: datetime
) -> None:
    record_change(
        tenant_id=tenant_id,
        action=action,
        target=("rate_limit", owner.user_id or owner.api_key_id or tenant_id),
        at=at,
        before=before,
        after=after,
    )


def _values(limit: RateLimit) -> Values:
    return {
        "requests_per_minute": limit.requests_per_minute,
        "tokens_per_minute": limit.tokens_per_minute,
        "algorithm": str(limit.algorithm),
    }
