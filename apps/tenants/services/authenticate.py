"""Find out who sends a bearer credential: an API key, or a token of the user pool."""

from datetime import datetime, timedelta

from apps.tenants.contracts import Principal
from apps.tenants.services.authenticate_key import authenticate_key
from apps.tenants.services.authenticate_token import authenticate_token
from apps.tenants.services.credential_cache import CredentialCache

LIFETIME = timedelta(seconds=3)
"""How long a revoked key, a deactivated user or a suspended tenant may go on reading."""

_known = CredentialCache[Principal](lifetime=LIFETIME)


def authenticate(*, raw: str, at: datetime) -> Principal:
    """Who sends `raw`; asked again within LIFETIME without the database.

    Raises InvalidCredentials, and IdentityUnavailable for a token whose keys cannot be had.
    """
    known = _known.get(raw, at=at)
    if known is not None:
        return known
    principal, until = (authenticate_token if is_token(raw) else authenticate_key)(raw=raw, at=at)
    remember_principal(raw=raw, principal=principal, at=at, until=until)
    return principal


def is_token(raw: str) -> bool:
    """Whether `raw` is a token, and no API key."""
    return raw.count(".") == 2


def remember_principal(
    *, raw: str, principal: Principal, at: datetime, until: datetime | None
) -> None:
    """The database has just said so."""
    _known.put(raw, principal, at=at, until=until)


def known_principal(*, raw: str, at: datetime) -> Principal | None:
    """The same where that is known without the database; None: authenticate."""
    return _known.get(raw, at=at)


def forget_credentials() -> None:
    """Ask the database about every credential again."""
    _known.clear()
