"""Create an API key."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import NewApiKey, Right
from apps.tenants.models import ApiKey, User
from apps.tenants.services.api_key_secret import give_secret
from apps.tenants.services.insert import insert
from apps.tenants.services.record_change import record_change
from apps.tenants.states import RIGHTS_OF_TENANTS

DEFAULT_SCOPES: tuple[Right, ...] = ("read", "run", "gateway")


def create_api_key(
    *,
    tenant_id: UUID,
    name: str,
    at: datetime,
    scopes: Iterable[str] = DEFAULT_SCOPES,
    user_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> NewApiKey:
    """A key that works at once. Its secret is in the answer and nowhere else.

    Raises InvalidInput, or Conflict while the tenant has a live key of this name. Opens a
    transaction.
    """
    if user_id and not User.objects.filter(pk=user_id, tenant_id=tenant_id).exists():
        raise InvalidInput(
            "The user does not belong to the tenant.",
            errors={"user_id": ["There is no such user."]},
        )
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("The key would never work.", errors={"expires_at": ["Is in the past."]})
    key = ApiKey(
        tenant_id=tenant_id,
        user_id=user_id,
        name=name.strip(),
        scopes=_in_order(scopes),
        expires_at=expires_at,
    )
    secret = give_secret(key)
    with transaction():
        insert(key, taken=f"There is a live key named {key.name!r} already. Choose another name.")
        record_change(
            tenant_id=tenant_id,
            action="api_key.created",
            target=("api_key", key.id),
            at=at,
            after=describe_key(key),
        )
    return NewApiKey(api_key_id=key.id, prefix=key.prefix, secret=secret)


def describe_key(key: ApiKey) -> dict[str, object]:
    """What the audit says of a key."""
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "user_id": key.user_id,
        "expires_at": key.expires_at,
    }


def _in_order(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    unknown = sorted(wanted - set(RIGHTS_OF_TENANTS))
    if unknown or not wanted:
        known = ", ".join(RIGHTS_OF_TENANTS)
        raise InvalidInput(
            "A key has scopes.", errors={"scopes": [f"Name one or more of {known}."]}
        )
    return [right for right in RIGHTS_OF_TENANTS if right in wanted]
