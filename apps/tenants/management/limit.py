"""A limit as a command takes it."""

from collections.abc import Callable
from typing import SupportsInt

from django.core.management.base import CommandError


def read_limit(
    text: str | None, present: int | None, parse: Callable[[str], SupportsInt]
) -> int | None:
    """The limit that `text` names: left out it stays at `present`, `none` takes it away. Raises
    CommandError for what `parse` cannot read."""
    if text is None:
        return present
    if text.lower() == "none":
        return None
    try:
        return int(parse(text))
    except (ValueError, ArithmeticError) as error:
        raise CommandError(f"{text!r} is no number; give an amount, or none.") from error
