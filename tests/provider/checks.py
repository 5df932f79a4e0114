"""Small checks that both wires share."""

import re
from typing import Any

from tests.provider.refusal import Refusal

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def is_number(value: Any, low: float, high: float) -> bool:
    """Whether `value` is a JSON number within both bounds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def is_count(value: Any, low: int = 1, high: int = 10**9) -> bool:
    """Whether `value` is a JSON integer within both bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def refuse_unless(is_right: bool, message: str, **details: Any) -> None:
    """Raise a Refusal with status 400 unless `is_right`."""
    if not is_right:
        raise Refusal(400, message, **details)
