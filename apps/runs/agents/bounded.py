"""Numbers that a checkpoint can hold."""

from typing import Any, Final

_INTEGERS: Final = range(-(2**63), 2**64)


def bounded(value: Any) -> Any:
    """JSON with integers of more than 64 bits as floats, or None where that is too large too.

    PostgreSQL gives a float such as 1e30 back as the integer that it stands for.
    """
    if isinstance(value, dict):
        return {key: bounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bounded(item) for item in value]
    if isinstance(value, int) and value not in _INTEGERS:
        try:
            return float(value)
        except OverflowError:
            return None
    return value
