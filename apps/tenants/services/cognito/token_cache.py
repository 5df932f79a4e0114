"""Tokens that were verified a moment ago."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from apps.tenants.contracts import VerifiedToken

SIZE = 4096
LIFETIME = timedelta(seconds=60)


class TokenCache:
    """The latest SIZE tokens, by digest. Short-lived, so that a retired key stops working.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, tuple[datetime, VerifiedToken]] = OrderedDict()

    def get(self, digest: bytes, *, at: datetime) -> VerifiedToken | None:
        """The token, if it was verified within LIFETIME before `at` and has not expired."""
        with self._lock:
            verified_at, token = self._entries.get(digest, (at, None))
            if token is None:
                return None
            if not verified_at <= at < min(verified_at + LIFETIME, token.expires_at):
                del self._entries[digest]
                return None
            self._entries.move_to_end(digest)
            return token

    def put(self, digest: bytes, token: VerifiedToken, *, at: datetime) -> None:
        """Remember what `digest` stands for; whatever was not asked for longest makes room."""
        with self._lock:
            self._entries[digest] = (at, token)
            self._entries.move_to_end(digest)
            if len(self._entries) > SIZE:
                self._entries.popitem(last=False)
