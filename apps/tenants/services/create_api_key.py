"""Create an API key."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from apps.tenants.contracts import NewApiKey, Role
from apps.tenants.models import ApiKey, User
from apps.tenants.services.api_key_secret import hash_secret, new_secret, prefix_of
from apps.tenants.services.insert import insert


def create_api_key(
    *,
    tenant_id: UUID,
    name: str,
    role: Role = "member",
    user_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> NewApiKey:
    """A key that works at once. Its secret is in the answer and nowhere else.

    Raises InvalidInput, or Conflict while the tenant has a live key of this name.
    """
    if user_id and not User.objects.filter(pk=user_id, tenant_id=tenant_id).exists():
        raise InvalidInput("The user does not belong to the tenant.", errors={"user": ["Unknown."]})
    secret = new_secret()
    key = ApiKey(
        tenant_id=tenant_id,
        user_id=user_id,
        name=name.strip(),
        role=role,
        prefix=prefix_of(secret) or "",
        key_hash=hash_secret(secret),
        expires_at=expires_at,
    )
    insert(
        key,
        taken=f"There is a live key named {key.name!r} already. Revoke it or choose another name.",
    )
    return NewApiKey(api_key_id=key.id, prefix=key.prefix, secret=secret)
