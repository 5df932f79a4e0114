"""JSON that PostgreSQL accepts, whatever a model or a tool has said."""

import math
from typing import Any


def clean_text(text: str) -> str:
    """`text` without what jsonb and UTF-8 refuse: NUL is dropped, lone surrogates become U+FFFD."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_json(value: Any) -> Any:
    """`value` with every string cleaned and every NaN or infinity replaced by None, at any depth.

    Keys become strings; what is no JSON type becomes its string.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return clean_text(str(value))
