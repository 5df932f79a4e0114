"""Ask a user pool for its keys."""

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, UnknownHandler

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

TIME_LIMIT_SECONDS = 2.0
SIZE_LIMIT_BYTES = 64 * 1024
KEY_BITS = range(2048, 8193)


class KeysUnreadable(Exception):
    """The address did not answer with a set of keys, or not in time."""


def fetch_keys(url: str) -> Mapping[str, RSAPublicKey]:
    """The keys for RS256 that are published at `url`, by kid. Raises KeysUnreadable."""
    try:
        entries = [one for one in json.loads(_fetch(url))["keys"] if isinstance(one, dict)]
    except (OSError, HTTPException, ValueError, TypeError, KeyError, RecursionError) as error:
        raise KeysUnreadable(f"{type(error).__name__}: {error}") from error
    keys = {entry["kid"]: key for entry in entries if (key := _read_key(entry))}
    if not keys:
        raise KeysUnreadable("The set has no key for RS256.")
    return keys


def _fetch(url: str) -> bytes:
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    body = b""
    with _opener().open(url, timeout=TIME_LIMIT_SECONDS) as response:
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        while chunk := response.read1(SIZE_LIMIT_BYTES):
            body += chunk
            if len(body) > SIZE_LIMIT_BYTES:
                raise ValueError("too large")
            if time.monotonic() > deadline:
                raise TimeoutError("too slow")
    return body


def _opener() -> OpenerDirector:
    """HTTP and nothing else: urllib's own opener also follows redirects and reads files."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), UnknownHandler()):
        opener.add_handler(handler)
    return opener


def _read_key(entry: dict[str, Any]) -> RSAPublicKey | None:
    """None for a key of another kind, which a set may well hold."""
    is_ours = (
        entry.get("kty") == "RSA"
        and entry.get("alg", "RS256") == "RS256"
        and entry.get("use", "sig") == "sig"
        and isinstance(entry.get("kid"), str)
        and "d" not in entry
    )
    if not is_ours:
        return None
    try:
        key = PyJWK(entry, "RS256").key
    except PyJWTError:
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size in KEY_BITS else None
