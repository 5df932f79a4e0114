"""Replace an API key while the old one still works."""

from datetime import datetime, timedelta
from uuid import UUID

from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import NewApiKey
from apps.tenants.models import ApiKey
from apps.tenants.services.api_key_secret import give_secret
from apps.tenants.services.insert import insert
from apps.tenants.services.member_budget import copy_key_budget
from apps.tenants.services.rate_limit import copy_key_rate_limit
from apps.tenants.services.record_change import record_change

DEFAULT_OVERLAP_SECONDS = 24 * 3600
MAX_OVERLAP_SECONDS = 7 * 24 * 3600


def rotate_api_key(
    *,
    tenant_id: UUID,
    api_key_id: UUID,
    at: datetime,
    overlap_seconds: int = DEFAULT_OVERLAP_SECONDS,
) -> NewApiKey:
    """A successor of the same name, scopes, user, limits and length of life. The old key works for
    `overlap_seconds` more, and never longer than it would have.

    Raises NotFound, InvalidInput, or Conflict for a key that has ended or has a successor already.
    Opens a transaction.
    """
    if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
        raise InvalidInput(
            "The keys cannot overlap that long.",
            errors={"overlap_seconds": [f"Name 0 to {MAX_OVERLAP_SECONDS} seconds."]},
        )
    with transaction():
        old = _lock(tenant_id, api_key_id)
        _require_live(old, at)
        expires_at = old.expires_at
        _end(old, at=at, within=timedelta(seconds=overlap_seconds))
        new = ApiKey(
            tenant_id=tenant_id,
            user_id=old.user_id,
            name=old.name,
            scopes=old.scopes,
            expires_at=at + (expires_at - old.created_at) if expires_at else None,
        )
        secret = give_secret(new)
        insert(new, taken=f"There is a live key named {new.name!r} already. Revoke it first.")
        copy_key_budget(tenant_id=tenant_id, old_id=old.id, new_id=new.id, at=at)
        copy_key_rate_limit(tenant_id=tenant_id, old_id=old.id, new_id=new.id, at=at)
        record_change(
            tenant_id=tenant_id,
            action="api_key.rotated",
            target=("api_key", old.id),
            at=at,
            before={"expires_at": expires_at},
            after={
                "name": old.name,
                "rotated_at": at,
                "expires_at": old.expires_at,
                "successor_id": new.id,
                "successor_prefix": new.prefix,
                "successor_expires_at": new.expires_at,
            },
        )
    return NewApiKey(api_key_id=new.id, prefix=new.prefix, secret=secret)


def _lock(tenant_id: UUID, api_key_id: UUID) -> ApiKey:
    keys = ApiKey.objects.select_for_update(no_key=True)
    key = keys.filter(pk=api_key_id, tenant_id=tenant_id).first()
    if key is None:
        raise NotFound(f"There is no API key {api_key_id}.")
    return key


def _require_live(key: ApiKey, at: datetime) -> None:
    if key.revoked_at is not None:
        raise Conflict("The key was revoked. Create a new one.")
    if key.rotated_at is not None:
        raise Conflict("The key was rotated already. Rotate its successor.")
    if key.expires_at is not None and key.expires_at <= at:
        raise Conflict("The key has expired. Create a new one.")


def _end(key: ApiKey, *, at: datetime, within: timedelta) -> None:
    key.rotated_at = at
    key.expires_at = min(key.expires_at or at + within, at + within)
    key.save(update_fields=["rotated_at", "expires_at"])
