"""The record of every request of tool calls, written as they happen and beside them, and of those
that belong to no call."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError

from agentplatform.core.connections import brief_connection, drop_broken_connections
from agentplatform.core.tenancy import tenant_scope
from agentplatform.telemetry.metrics import TOOL_EGRESS_REQUESTS
from apps.tools.egress import session
from apps.tools.models import EgressRequest, ToolCall

_BATCH = 500
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.5

log = structlog.get_logger("tools")


class RequestLog:
    """One thread writes the rows of all calls of this process, as many at once as have come."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[EgressRequest] = SimpleQueue()
        self._unwritten: Counter[UUID | None] = Counter()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def recorder(self, call: ToolCall) -> Callable[[session.EgressRequest], None]:
        """What takes the requests of a call; it returns at once, in any thread."""
        keys = {
            "tenant_id": call.tenant_id,
            "run_id": call.run_id,
            "step_id": call.step_id,
            "call_id": call.id,
        }

        def record(request: session.EgressRequest) -> None:
            _count(request)
            with self._changed:
                self._unwritten[call.id] += 1
                self._start()
            self._queue.put(_row(keys, request))

        return record

    def flush(self, call_id: UUID, *, timeout_seconds: float) -> bool:
        """Wait until every request of the call is written. False when the time was too short."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._unwritten[call_id], timeout=timeout_seconds
            )

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="egress-log", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            rows = [self._queue.get()]
            with suppress(Empty):
                while len(rows) < _BATCH:
                    rows.append(self._queue.get_nowait())
            try:
                self._write(rows)
            finally:
                with self._changed:
                    self._unwritten -= Counter(row.call_id for row in rows)
                    self._changed.notify_all()

    def _write(self, rows: list[EgressRequest]) -> None:
        for tenant_id in {row.tenant_id for row in rows}:
            own = [row for row in rows if row.tenant_id == tenant_id]
            if not self._insert(tenant_id, own):
                for row in own:
                    log.error("egress.request_unwritten", **_told(row))

    def _insert(self, tenant_id: UUID, rows: list[EgressRequest]) -> bool:
        for _ in range(_ATTEMPTS):
            try:
                with brief_connection(), tenant_scope(tenant_id):
                    EgressRequest.objects.bulk_create(rows)
                return True
            except (OperationalError, InterfaceError):
                log.exception("egress.write_failed", tenant_id=str(tenant_id))
                drop_broken_connections()
                threading.Event().wait(_PAUSE_SECONDS)
            except DatabaseError:
                log.exception("egress.write_failed", tenant_id=str(tenant_id))
                return False
        return False


_log = RequestLog()


def request_log() -> RequestLog:
    """This process's log."""
    return _log


def record_requests(*, tenant_id: UUID, requests: Iterable[session.EgressRequest]) -> None:
    """Write requests that belong to no call, at once."""
    rows = []
    for request in requests:
        _count(request)
        rows.append(_row({"tenant_id": tenant_id}, request))
    with brief_connection():
        EgressRequest.objects.bulk_create(rows)


def _forget() -> None:
    """A fork has no thread of its parent's log, and none of its calls."""
    global _log
    _log = RequestLog()


os.register_at_fork(after_in_child=_forget)


def _count(request: session.EgressRequest) -> None:
    verdict = "refused" if request.refusal else "allowed"
    TOOL_EGRESS_REQUESTS.labels(verdict=verdict).inc()


def _row(keys: dict[str, UUID], request: session.EgressRequest) -> EgressRequest:
    return EgressRequest(
        **keys,
        via=request.via,
        method=_shown(request.method)[:20],
        host=_shown(request.host)[:255],
        port=request.port,
        address=request.address[:45],
        refusal=_shown(request.refusal)[:500],
        status=request.status,
        sent_bytes=request.sent_bytes,
        received_bytes=request.received_bytes,
        duration_ms=request.duration_ms,
        at=request.at,
    )


def _shown(text: str) -> str:
    """What a client has sent, fit for a row and for people."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _told(row: EgressRequest) -> dict[str, object]:
    names = ("tenant_id", "run_id", "step_id", "call_id", "method", "host", "port", "refusal")
    return {name: str(getattr(row, name)) for name in names}
