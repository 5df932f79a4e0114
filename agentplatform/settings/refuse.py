"""Refuse to start, in words."""

from typing import NoReturn


def refuse(*problems: str) -> NoReturn:
    """End the process. Whoever starts it reads which settings to change, and no traceback."""
    raise SystemExit("\n  ".join(["Agent Platform does not start with these settings:", *problems]))
