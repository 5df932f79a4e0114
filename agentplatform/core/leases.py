"""Leases on calls that take long: renewed while their worker lives, expired soon after it died."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog

CALL_LEASE = timedelta(seconds=15)
RENEW_EVERY_SECONDS = 5.0

log = structlog.get_logger("leases")


class Renewer:
    """Renews every lease held in this process from one thread.

    `renew(tokens)` extends the leases of these fencing tokens in one statement and must open its
    own connection; it is called every RENEW_EVERY_SECONDS while any lease is held.
    """

    def __init__(self, renew: Callable[[list[UUID]], None]) -> None:
        self._renew = renew
        self._held: set[UUID] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, token: UUID) -> Iterator[None]:
        """Keep the lease of `token` alive inside the block."""
        with self._lock:
            self._held.add(token)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name="leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(token)

    def _loop(self) -> None:
        while not self._wake.wait(RENEW_EVERY_SECONDS):
            with self._lock:
                held = list(self._held)
            if not held:
                continue
            try:
                self._renew(held)
            except Exception:  # the lease then expires and the call is retried by another worker
                log.exception("lease.renew_failed", held=len(held))
