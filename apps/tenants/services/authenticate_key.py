"""Find out who sends an API key."""

from datetime import datetime, timedelta
from typing import cast

from django.db.models import Q

from apps.tenants.contracts import InvalidCredentials, Principal, Role
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.services.api_key_secret import is_secret_of, prefix_of
from apps.tenants.states import lesser_role

LAST_USED_EVERY = timedelta(minutes=1)


def authenticate_key(*, raw: str, at: datetime) -> Principal:
    """Who `raw` belongs to. Raises InvalidCredentials; why is said only to who holds the secret."""
    key = _find(raw)
    _check_usable(key, at)
    _record_use(key, at)
    role = cast(Role, key.role)
    return Principal(
        tenant_id=key.tenant_id,
        user_id=key.user_id,
        api_key_id=key.id,
        role=lesser_role(role, cast(Role, key.user.role)) if key.user else role,
    )


def _find(raw: str) -> ApiKey:
    prefix = prefix_of(raw)
    keys = ApiKey.objects.select_related("tenant", "user")
    key = keys.filter(prefix=prefix).first() if prefix else None
    if key is None or not is_secret_of(raw, key.key_hash):
        raise InvalidCredentials("This API key is not known.")
    return key


def _check_usable(key: ApiKey, at: datetime) -> None:
    if key.revoked_at is not None:
        raise InvalidCredentials("This API key was revoked. Ask an admin for a new one.")
    if key.expires_at is not None and key.expires_at <= at:
        raise InvalidCredentials("This API key has expired. Ask an admin for a new one.")
    if key.tenant.status != Tenant.Status.ACTIVE:
        raise InvalidCredentials("The tenant of this API key is suspended.")
    if key.user is not None and not key.user.is_active:
        raise InvalidCredentials("The user of this API key is deactivated.")


def _record_use(key: ApiKey, at: datetime) -> None:
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - LAST_USED_EVERY)
    if key.last_used_at is None or key.last_used_at <= at - LAST_USED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=at)
