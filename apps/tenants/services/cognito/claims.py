"""What the claims of a token say, once its signature is known to be the pool's."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from apps.tenants.contracts import InvalidCredentials, Role, VerifiedToken
from apps.tenants.services.cognito.pool import Pool
from apps.tenants.states import RIGHTS, ROLES_OF_TENANTS

NOT_VALID = "This token is not valid."
EXPIRED = "This token has expired."
LEEWAY = timedelta(seconds=30)
GROUPS_CLAIM = "cognito:groups"

_CLIENT_CLAIM = {"id": "aud", "access": "client_id"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_END_OF_TIME = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())

Claims = Mapping[str, Any]


def read_claims(claims: Claims, *, pool: Pool, at: datetime) -> VerifiedToken:
    """The token that holds `claims`. Raises InvalidCredentials for one that is not good at `at`."""
    token_use = _read_token_use(claims)
    if claims.get("iss") != pool.issuer:
        raise InvalidCredentials(NOT_VALID)
    if _read_text(claims, _CLIENT_CLAIM[token_use]) not in pool.client_ids:
        raise InvalidCredentials(NOT_VALID)
    return VerifiedToken(
        subject=_read_text(claims, "sub"),
        token_use=token_use,
        email=_read_text(claims, "email") if claims.get("email") else None,
        email_verified=claims.get("email_verified") in (True, "true"),
        tenant_id=_read_tenant(claims.get(pool.tenant_claim)),
        role=_read_role(claims, pool.role_claim),
        expires_at=_read_expiry(claims, at),
    )


def _read_token_use(claims: Claims) -> Literal["id", "access"]:
    use = claims.get("token_use")
    if use == "id" or use == "access":
        return cast(Literal["id", "access"], use)
    raise InvalidCredentials(NOT_VALID)


def _read_expiry(claims: Claims, at: datetime) -> datetime:
    """When the token ends; that it has begun is checked too."""
    expires_at = _read_time(claims, "exp")
    if at - LEEWAY >= expires_at:
        raise InvalidCredentials(EXPIRED)
    begins_at = [_read_time(claims, "iat")]
    if "nbf" in claims:
        begins_at.append(_read_time(claims, "nbf"))
    if at + LEEWAY < max(begins_at):
        raise InvalidCredentials(NOT_VALID)
    return expires_at


def _read_time(claims: Claims, name: str) -> datetime:
    seconds = claims.get(name)
    if type(seconds) is int and 0 <= seconds <= _END_OF_TIME:
        return datetime.fromtimestamp(seconds, UTC)
    raise InvalidCredentials(NOT_VALID)


def _read_text(claims: Claims, name: str) -> str:
    """A text that a column can hold: of a sane length, with nothing that PostgreSQL refuses."""
    text = claims.get(name)
    if isinstance(text, str) and 0 < len(text) <= 254 and text.isprintable():
        return text
    raise InvalidCredentials(NOT_VALID)


def _read_tenant(name: object) -> UUID | None:
    if name is None:
        return None
    if isinstance(name, str) and _UUID.fullmatch(name):
        return UUID(name)
    raise InvalidCredentials(NOT_VALID)


def _read_role(claims: Claims, role_claim: str) -> Role | None:
    """The role that is named; without a name, the highest of the groups that are named like one."""
    name = claims.get(role_claim)
    if name is not None:
        if name in ROLES_OF_TENANTS:
            return cast(Role, name)
        raise InvalidCredentials(NOT_VALID)
    groups = claims.get(GROUPS_CLAIM, [])
    if not isinstance(groups, list):
        raise InvalidCredentials(NOT_VALID)
    held = [role for role in ROLES_OF_TENANTS if role in groups]
    return max(held, key=lambda role: len(RIGHTS[role]), default=None)
