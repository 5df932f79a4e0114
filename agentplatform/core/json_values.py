"""JSON that PostgreSQL accepts, whatever a model or a tool has said."""

import math
from typing import Any, Final

MAX_DEPTH: Final = 100
"""Levels of nesting that every library a value meets can take."""


def clean_text(text: str) -> str:
    """`text` without what jsonb and UTF-8 refuse: NUL is dropped, lone surrogates become U+FFFD."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_json(value: Any) -> Any:
    """`value` with every string cleaned, every NaN or infinity replaced by None, and so what is
    nested deeper than MAX_DEPTH.

    Keys become strings; what is no JSON type becomes its string.
    """
    return _clean(value, MAX_DEPTH)


def _clean(value: Any, depth: int) -> Any:
    """`depth` levels may follow."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list | tuple) and depth == 0:
        return None
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, depth - 1) for item in value]
    return clean_text(str(value))
