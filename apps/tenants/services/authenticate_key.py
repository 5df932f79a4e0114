"""Find out who sends an API key."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from agentplatform.core.postgresql.group_commit import Statement
from apps.tenants.contracts import InvalidCredentials, Principal, Role
from apps.tenants.services.api_key_secret import hashes_of, prefix_of
from apps.tenants.states import rights_of

_UNKNOWN = "This API key is not known."
LAST_USED_EVERY = timedelta(minutes=1)
_ASK = (
    "select id, tenant_id, name, scopes, expires_at, revoked_at, tenant_status, user_id,"
    " user_role, user_is_active"
    " from authenticate_api_key(%s, %s::text[], %s, make_interval(secs => %s))"
)


def authenticate_key(*, raw: str, at: datetime) -> tuple[Principal, datetime | None]:
    """Who `raw` belongs to and until when, in one query: its tenant is not known before.

    Raises InvalidCredentials; why is said only to who holds the secret.
    """
    statement = statement_of(raw=raw, at=at)
    with connection.cursor() as cursor:
        cursor.execute(*statement)
        row = cursor.fetchone()
        names = [column.name for column in cursor.description]
    return principal_of(None if row is None else dict(zip(names, row, strict=True)), at=at)


def statement_of(*, raw: str, at: datetime) -> Statement:
    """The query for the key. Raises InvalidCredentials for what is none."""
    prefix = prefix_of(raw)
    if prefix is None:
        raise InvalidCredentials(_UNKNOWN)
    return _ASK, [prefix, list(hashes_of(raw)), at, LAST_USED_EVERY.total_seconds()]


def principal_of(key: dict[str, Any] | None, *, at: datetime) -> tuple[Principal, datetime | None]:
    """What the query's row says. Raises InvalidCredentials."""
    if key is None:
        raise InvalidCredentials(_UNKNOWN)
    _check_usable(key, at)
    role: Role = key["user_role"] if key["user_id"] else "admin"
    principal = Principal(
        tenant_id=key["tenant_id"],
        user_id=key["user_id"],
        api_key_id=key["id"],
        name=key["name"],
        rights=rights_of(role, key["scopes"]),
    )
    return principal, key["expires_at"]


def _check_usable(key: dict[str, Any], at: datetime) -> None:
    if key["revoked_at"] is not None:
        raise InvalidCredentials("This API key was revoked. Ask an admin for a new one.")
    if key["expires_at"] is not None and key["expires_at"] <= at:
        raise InvalidCredentials("This API key has expired. Ask an admin for a new one.")
    if key["tenant_status"] != "active":
        raise InvalidCredentials("The tenant of this API key is suspended.")
    if key["user_id"] is not None and not key["user_is_active"]:
        raise InvalidCredentials("The user of this API key is deactivated.")
