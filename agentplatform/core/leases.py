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
    """Renews every lease held in this process from one thread, and notices those that are gone.

    `renew(tenant_id, tokens)` extends the leases of these fencing tokens of one tenant and returns
    the tokens that still have one. It must open its own connection, and is called for each tenant
    every RENEW_EVERY_SECONDS while a lease of it is held. `release(tenant_id, tokens)` ends them,
    likewise, and returns how many there were.
    """

    def __init__(
        self,
        renew: Callable[[UUID, list[UUID]], set[UUID]],
        release: Callable[[UUID, list[UUID]], int],
    ) -> None:
        self._renew = renew
        self._release = release
        self._held: dict[UUID, tuple[UUID, threading.Event]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, token: UUID, *, tenant_id: UUID) -> Iterator[threading.Event]:
        """Keep the lease of `token` alive inside the block. The event is set once the lease is
        lost: what it fences was cancelled, or another worker holds it."""
        is_lost = threading.Event()
        with self._lock:
            self._held[token] = tenant_id, is_lost
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name="leases", daemon=True)
                self._thread.start()
        try:
            yield is_lost
        finally:
            with self._lock:
                del self._held[token]

    @property
    def held(self) -> frozenset[UUID]:
        """The tokens whose leases are kept alive now."""
        with self._lock:
            return frozenset(self._held)

    def renew_held(self) -> None:
        """Extend every lease that is held, and tell the holders of those that are gone."""
        held, by_tenant = self._snapshot()
        for tenant_id, tokens in by_tenant.items():
            for token in set(tokens) - self._renew(tenant_id, tokens):
                held[token].set()

    def release_held(self) -> int:
        """End every lease that is held, and tell its holder. Returns how many were released: one
        whose work was just recorded is none."""
        held, by_tenant = self._snapshot()
        released = 0
        for tenant_id, tokens in by_tenant.items():
            released += self._release(tenant_id, tokens)
            for token in tokens:
                held[token].set()
        return released

    def _snapshot(self) -> tuple[dict[UUID, threading.Event], dict[UUID, list[UUID]]]:
        """Who waits for each lease, and the leases of each tenant."""
        with self._lock:
            held = dict(self._held)
        by_tenant: dict[UUID, list[UUID]] = {}
        for token, (tenant_id, _) in held.items():
            by_tenant.setdefault(tenant_id, []).append(token)
        return {token: is_lost for token, (_, is_lost) in held.items()}, by_tenant

    def _loop(self) -> None:
        while not self._wake.wait(RENEW_EVERY_SECONDS):
            try:
                self.renew_held()
            except Exception:  # the leases then expire and other workers take over
                log.exception("lease.renew_failed", held=len(self.held))
