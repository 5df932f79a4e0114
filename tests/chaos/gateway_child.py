"""What a process of the gateway does: the HTTP door, and the worker behind Celery's."""

import random
import signal
import socket
import threading
from typing import Any

import structlog
import uvicorn
from django.db.models import Q

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection, drop_broken_connections
from agentplatform.core.tenancy import platform_scope
from apps.gateway import tasks
from apps.gateway.doors.asgi import Door
from apps.gateway.models import LlmCall

log = structlog.get_logger("llm")

AT_ONCE = 3
"""Messages that a worker has in hand."""
IDLE_SECONDS = 0.05
SECOND_DELIVERIES = 0.1
"""The share of messages that are of a call at which somebody works."""


def serve(listening: socket.socket) -> None:
    """Answer HTTP until SIGTERM."""
    config = uvicorn.Config(Door(_nothing), lifespan="off", log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


def complete() -> None:
    """Work off the messages of every planned call until SIGTERM, as often and in whatever order
    they come. What a failed message says comes again."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threads = [threading.Thread(target=_work, args=(stopping,)) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            call_id = _any_call()
            if call_id is not None:
                tasks.complete(call_ids=[call_id])
                continue
        except Exception as error:  # the servers are away: the message is delivered again
            log.info("message.failed", error=repr(error)[:200])
        drop_broken_connections()
        stopping.wait(IDLE_SECONDS)


def _any_call() -> str | None:
    with brief_connection(), platform_scope():
        calls = LlmCall.objects.filter(status__in=("QUEUED", "RUNNING"))
        if random.random() >= SECOND_DELIVERIES:
            calls = calls.filter(Q(status="QUEUED") | Q(lease_expires_at__lt=now()))
        found = calls.order_by("?").values_list("id", flat=True).first()
    return str(found) if found else None


async def _nothing(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
