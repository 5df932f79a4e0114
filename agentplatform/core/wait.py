"""Wait for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(
    condition: Callable[[], T], *, timeout_seconds: float, every_seconds: float = 0.05, what: str
) -> T:
    """The first truthy value of `condition()`. Raises TimeoutError naming `what` if none came."""
    deadline = time.monotonic() + timeout_seconds
    while not (value := condition()):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {timeout_seconds:g} s for {what}")
        time.sleep(every_seconds)
    return value
