"""The keys that protect what is stored: the first one protects, all of them read."""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True)
class Key:
    """A key is never used itself: every purpose has one derived from it."""

    id: str
    secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """KEY_BYTES for this purpose alone, by HKDF."""
        return _derive(self.secret, purpose)


def parse_keys(text: str) -> tuple[Key, ...]:
    """The keys of a setting "id:base64,id:base64". Raises ValueError, which shows no key."""
    keys = tuple(
        _parse_key(part.strip(), number)
        for number, part in enumerate(text.split(","), start=1)
        if part.strip()
    )
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("two keys have the same id; give each an id of its own")
    return keys


def render_key(key_id: str) -> str:
    """A new random key as `parse_keys` reads it."""
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def key_ring() -> tuple[Key, ...]:
    """The keys of ENCRYPTION_KEYS, the current first; without any, keys derived from SECRET_KEY
    and its fallbacks. Never empty."""
    given: str = settings.PLATFORM.encryption_keys.get_secret_value()
    return _parse_once(given) or _derived_ring(
        (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _parse_key(text: str, number: int) -> Key:
    key_id, colon, encoded = text.partition(":")
    if not colon or not _ID.fullmatch(key_id):
        raise ValueError(f"key {number} does not begin with an id and a colon")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ValueError(
            f"key {key_id} is not {KEY_BYTES} bytes in base64; make one with "
            "`manage.py make_encryption_key`"
        )
    return Key(key_id, secret)


_parse_once = lru_cache(maxsize=8)(parse_keys)


@lru_cache(maxsize=8)
def _derived_ring(secret_keys: tuple[str, ...]) -> tuple[Key, ...]:
    derived = [_derive(text.encode(), "agentplatform.key_ring") for text in secret_keys]
    return tuple(Key(f"derived-{sha256(secret).hexdigest()[:8]}", secret) for secret in derived)


@lru_cache(maxsize=64)
def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(
        secret
    )
