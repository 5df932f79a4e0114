"""Credentials that were found good a moment ago."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Generic, TypeVar

SIZE = 4096

Value = TypeVar("Value")


class CredentialCache(Generic[Value]):
    """What the latest SIZE credentials stand for, by digest, each for `lifetime` at most: so long
    a credential that was taken back goes on working in this process.

    Safe to share between threads.
    """

    def __init__(self, *, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, tuple[datetime, datetime, Value]] = OrderedDict()

    def get(self, raw: str, *, at: datetime) -> Value | None:
        """What was put for `raw` within the lifetime before `at`."""
        digest = _digest(raw)
        with self._lock:
            entry = self._entries.get(digest)
            if entry is None:
                return None
            known_at, until, value = entry
            if not known_at <= at < until:
                del self._entries[digest]
                return None
            self._entries.move_to_end(digest)
            return value

    def put(self, raw: str, value: Value, *, at: datetime, until: datetime | None) -> None:
        """Remember `value`, until then at the latest; what was not asked for longest makes room."""
        digest = _digest(raw)
        end = at + self._lifetime
        with self._lock:
            self._entries[digest] = (at, end if until is None else min(end, until), value)
            self._entries.move_to_end(digest)
            if len(self._entries) > SIZE:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()


def _digest(raw: str) -> bytes:
    return sha256(raw.encode()).digest()
