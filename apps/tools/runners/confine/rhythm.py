"""When something that takes time may be done again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Rhythm:
    """At most every `seconds`, and every `share` times as long as it took."""

    def __init__(self, seconds: float, *, share: int) -> None:
        self._seconds = seconds
        self._share = share
        self._next_at = 0.0

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._next_at

    def rest(self) -> None:
        """Not before its time has passed once."""
        self._next_at = time.monotonic() + self._seconds

    @contextmanager
    def taken(self) -> Iterator[None]:
        """It is being done."""
        began = time.monotonic()
        try:
            yield
        finally:
            ended = time.monotonic()
            self._next_at = ended + max(self._seconds, (ended - began) * self._share)
