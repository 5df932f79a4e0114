"""Short texts encrypted at rest: AES-256-GCM under the current key of the key ring."""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agentplatform.core.key_ring import Key, key_ring

_VERSION = "v1"
_NONCE_BYTES = 12
_PURPOSE = "agentplatform.encryption"


class CannotDecrypt(Exception):
    """The operator's to repair, so no PlatformError: an API client learns nothing of it."""


class UnknownKey(CannotDecrypt):
    """The key is not, or no longer, in the ring."""


def encrypt(text: str, *, context: str) -> str:
    """`text` as "v1.<key id>.<base64>", made anew each time. Decrypts only with this `context`:
    name the row and the field in it, so that a copy elsewhere is worthless."""
    key, nonce = key_ring()[0], os.urandom(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, text.encode(), _bound(key, context))
    return f"{_VERSION}.{key.id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def decrypt(ciphertext: str, *, context: str) -> str:
    """The text that `encrypt` was given. Raises CannotDecrypt, which says what to change."""
    key_id, sealed = _parse(ciphertext)
    key = next((key for key in key_ring() if key.id == key_id), None)
    if key is None:
        raise UnknownKey(
            f"The value was encrypted with the key {key_id!r}, which is not in ENCRYPTION_KEYS: "
            "put it back, behind the first one."
        )
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(key).decrypt(nonce, body, _bound(key, context)).decode()
    except InvalidTag:
        raise CannotDecrypt(
            f"The value does not decrypt with the key {key_id!r}: it was changed or belongs to "
            "another row, or ENCRYPTION_KEYS holds another key under this id."
        ) from None


def needs_rotation(ciphertext: str) -> bool:
    """Whether a key other than the current one encrypted it. Raises CannotDecrypt on other text."""
    return _parse(ciphertext)[0] != key_ring()[0].id


def _parse(ciphertext: str) -> tuple[str, bytes]:
    version, _, rest = ciphertext.partition(".")
    key_id, _, encoded = rest.partition(".")
    try:
        sealed = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        sealed = b""
    if version != _VERSION or not key_id or len(sealed) < _NONCE_BYTES:
        raise CannotDecrypt("The value is not one that was encrypted here.")
    return key_id, sealed


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.derive(_PURPOSE))


def _bound(key: Key, context: str) -> bytes:
    return f"{_VERSION}.{key.id}.{context}".encode()
