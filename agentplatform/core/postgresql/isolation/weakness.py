"""How a weakness is told."""

from django.core.checks import Error
from django.db.backends.utils import CursorWrapper

__all__ = ["CursorWrapper", "weakness"]


def weakness(number: int, what: str, change: str) -> Error:
    """What is weak, and what to change."""
    return Error(what, hint=change, id=f"tenancy.E{number:03}")
