"""Find out whether a token is the user pool's, and what it says about who sends it."""

import re
import threading
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import jwt

from apps.tenants.contracts import InvalidCredentials, VerifiedToken
from apps.tenants.services.cognito.claims import NOT_VALID, read_claims
from apps.tenants.services.cognito.fetch_keys import fetch_keys
from apps.tenants.services.cognito.jwks import KeySet
from apps.tenants.services.cognito.pool import Pool, configured_pool
from apps.tenants.services.credential_cache import CredentialCache

LONGEST = 8 * 1024
LIFETIME = timedelta(seconds=60)
"""How long a key that the pool has retired may go on proving a token that is known here."""
ALGORITHM = "RS256"

_SHAPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
_making = threading.Lock()
_SIGNATURE_ALONE: Any = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "iss", "aud", "sub", "jti")
}


def verify_token(raw: str, *, at: datetime) -> VerifiedToken:
    """What `raw` says, once it is known to be a token of the configured pool that is good at `at`.

    Raises InvalidCredentials, and IdentityUnavailable while the keys of the pool cannot be had.
    """
    pool = configured_pool()
    if pool is None:
        raise InvalidCredentials(NOT_VALID)
    with _making:  # else the first requests would each make one, and each fetch the keys
        verifier = _verifier_of(pool)
    return verifier.verify(raw, at=at)


class TokenVerifier:
    """Verifies tokens of one pool, with its keys and its latest tokens at hand."""

    def __init__(self, pool: Pool, keys: KeySet) -> None:
        self._pool = pool
        self._keys = keys
        self._verified = CredentialCache[VerifiedToken](lifetime=LIFETIME)

    def verify(self, raw: str, *, at: datetime) -> VerifiedToken:
        """As verify_token has it, for this pool."""
        if len(raw) > LONGEST or not _SHAPE.fullmatch(raw):
            raise InvalidCredentials(NOT_VALID)
        token = self._verified.get(raw, at=at)
        if token is None:
            token = read_claims(self._read_signed(raw), pool=self._pool, at=at)
            self._verified.put(raw, token, at=at, until=token.expires_at)
        return token

    def _read_signed(self, raw: str) -> dict[str, Any]:
        """The claims, unjudged, of a token that a key of the pool has signed.

        The clock of the library is not ours, so it checks the signature and no claim.
        """
        try:
            header = jwt.get_unverified_header(raw)
            kid = header.get("kid")
            if header.get("alg") != ALGORITHM or not isinstance(kid, str):
                raise InvalidCredentials(NOT_VALID)
            key = self._keys.find(kid)
            if key is None:
                raise InvalidCredentials(NOT_VALID)
            return jwt.decode(raw, key, algorithms=[ALGORITHM], options=_SIGNATURE_ALONE)
        except jwt.PyJWTError as error:
            raise InvalidCredentials(NOT_VALID) from error


@lru_cache(maxsize=4)
def _verifier_of(pool: Pool) -> TokenVerifier:
    return TokenVerifier(pool, KeySet(partial(fetch_keys, pool.jwks_url)))
