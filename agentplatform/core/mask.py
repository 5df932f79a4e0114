"""Nothing secret is written where people read: logs and the audit."""

import re
from functools import lru_cache
from typing import Any

MASK = "[masked]"

_SECRET_NAMES = re.compile(
    r"(?i)^(.*[_-])?(authorization|cookie|api[_-]?key|passw(or)?d|secret|token|credentials?)$"
)
_SECRET_VALUES = re.compile(
    r"""(?ix) \b ap_[a-z0-9]{8}_[a-z0-9]{16,}   # our own keys
      | \b sk-[a-z0-9_-]{12,}                   # providers' keys
      | (?<=bearer\ ) [^\s"'\\,]+
      | (?<=://) [^\s/"'\\@:]* : [^\s/"'\\@]+ (?=@)   # user and password in an address
    """
)


_MARKS = ("ap_", "sk-", "bearer ", "://")
"""What each secret value has in it, or just before it."""


def mask_secrets(values: dict[str, Any]) -> dict[str, Any]:
    """`values` with what a key that names a secret holds replaced, at any depth."""
    return {key: _masked(key, value) for key, value in values.items()}


def mask_text(text: str) -> str:
    """`text` without what looks like a key or a password."""
    folded = text.casefold()
    if not any(mark in folded for mark in _MARKS):
        return text
    return _SECRET_VALUES.sub(MASK, text)


@lru_cache(maxsize=1024)
def names_secret(name: str) -> bool:
    """Whether a key or a header of this name holds a secret."""
    return bool(_SECRET_NAMES.match(name))


def _masked(key: object, value: Any) -> Any:
    if isinstance(key, str) and names_secret(key):
        return MASK
    if isinstance(value, dict):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(None, item) for item in value]
    return value
