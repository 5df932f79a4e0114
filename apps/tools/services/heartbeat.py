"""Keeps the leases of this process's running calls alive, and notices those that are gone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from agentplatform.core import clock
from agentplatform.core.leases import CALL_LEASE, Renewer
from apps.tools.models import ToolCall
from apps.tools.states import RUNNING

_stops: dict[UUID, threading.Event] = {}


@contextmanager
def hold_lease(token: UUID) -> Iterator[threading.Event]:
    """Renew the lease of `token` inside the block. The event is set once the lease is lost: the
    call was cancelled, or another worker holds it."""
    stop = _stops[token] = threading.Event()
    try:
        with _renewer.hold(token):
            yield stop
    finally:
        del _stops[token]


def renew(tokens: list[UUID]) -> None:
    """Extend these leases in one statement and stop the work of those that are gone."""
    try:
        running = ToolCall.objects.filter(lease_token__in=tokens, status=RUNNING)
        running.update(lease_expires_at=clock.now() + CALL_LEASE)
        kept = set(running.values_list("lease_token", flat=True))
    finally:
        connection.close()
    for token in set(tokens) - kept:
        if stop := _stops.get(token):
            stop.set()


_renewer = Renewer(renew)
