"""The text of an API key: `ap_<prefix>_<secret>`, and the keyed hash that is stored of it."""

import re
import secrets
import string

from django.utils.crypto import salted_hmac

_ALPHABET = string.ascii_letters + string.digits
_SHAPE = re.compile(r"ap_([a-z0-9]{8})_[A-Za-z0-9]{40}")


def new_secret() -> str:
    """A fresh key. Its secret part holds 238 random bits."""
    prefix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
    return f"ap_{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(40))}"


def prefix_of(raw: str) -> str | None:
    """The part that finds the row; None when `raw` does not have the shape of a key."""
    match = _SHAPE.fullmatch(raw)
    return match[1] if match else None


def hash_secret(raw: str) -> str:
    """HMAC-SHA256 under a key derived from SECRET_KEY: useless to who reads the database alone."""
    return salted_hmac("apps.tenants.api_key", raw, algorithm="sha256").hexdigest()


def hashes_of(raw: str) -> tuple[str, ...]:
    """Every hash that a row may hold of `raw`, the one for new rows first."""
    return (hash_secret(raw),)
