"""The text of an API key: `ap_<prefix>_<secret>`, and the keyed hash that is stored of it."""

import re
import secrets
import string

from agentplatform.core.keyed_hashes import keyed_hashes
from apps.tenants.models import ApiKey

_ALPHABET = string.ascii_letters + string.digits
_SHAPE = re.compile(r"ap_([a-z0-9]{8})_[A-Za-z0-9]{40}")


def new_secret() -> str:
    """A fresh key. Its secret part holds 238 random bits."""
    prefix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    return f"ap_{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(40))}"


def give_secret(key: ApiKey) -> str:
    """A fresh key, whose prefix and hash are set on the row."""
    secret = new_secret()
    key.prefix = prefix_of(secret) or ""
    key.key_hash = hash_secret(secret)
    return secret


def prefix_of(raw: str) -> str | None:
    """The part that finds the row; None when `raw` does not have the shape of a key."""
    match = _SHAPE.fullmatch(raw)
    return match[1] if match else None


def hash_secret(raw: str) -> str:
    """The hash to store: useless to who reads the database alone, for it is keyed."""
    return hashes_of(raw)[0]


def hashes_of(raw: str) -> tuple[str, ...]:
    """Every hash that a row may hold of `raw`, one a key of the ring, the present key's first."""
    return keyed_hashes(raw, purpose="api_key")
