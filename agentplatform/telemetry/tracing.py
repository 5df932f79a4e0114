"""Spans, sent by OTLP when the environment says where to (OTEL_EXPORTER_OTLP_ENDPOINT and the SDK's
other variables). Without an endpoint nothing that makes spans is imported, and `tracer` is None.

A span that has no parent in its process belongs to the trace of its request or task, whose id is
the one in the log.
"""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.conf import settings

from agentplatform.telemetry.trace import current_trace_id

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
SCOPE = "agentplatform"
STOP_SECONDS = 2.0
"""How long a process that ends waits for a collector."""

_given_ids: ContextVar[tuple[int, int] | None] = ContextVar("given_ids", default=None)
_lock = threading.Lock()
_provider: "TracerProvider | None" = None
_tracer: "Tracer | None" = None
_is_decided = False


def tracer() -> "Tracer | None":
    """This process's tracer, started on first use; None where nobody wants spans."""
    return _tracer if _is_decided else _decide()


@contextmanager
def given_ids(trace_id: int, span_id: int) -> Iterator[None]:
    """Within it a span that begins has this id, and one without a parent this trace."""
    token = _given_ids.set((trace_id, span_id))
    try:
        yield
    finally:
        _given_ids.reset(token)


def stop_tracing() -> None:
    """Send what waits, for at most STOP_SECONDS, and start anew on the next use."""
    global _provider, _tracer, _is_decided
    with _lock:
        held, _provider, _tracer, _is_decided = _provider, None, None, False
    if held is None:
        return
    sending = threading.Thread(target=held.shutdown, name="last-spans", daemon=True)
    sending.start()
    sending.join(STOP_SECONDS)


def _decide() -> "Tracer | None":
    global _provider, _tracer, _is_decided
    with _lock:
        if not _is_decided:
            if _is_wanted():
                _provider = _start()
                _tracer = _provider.get_tracer(SCOPE)
            _is_decided = True
        return _tracer


def _is_wanted() -> bool:
    told = os.environ.get
    return (
        any(told(name) for name in ENDPOINTS)
        and told("OTEL_SDK_DISABLED", "").lower() != "true"
        and told("OTEL_TRACES_EXPORTER", "otlp") != "none"
    )


def _start() -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class LoggedIds(RandomIdGenerator):
        """A trace has the id that its lines in the log have."""

        def generate_span_id(self) -> int:
            given = _given_ids.get()
            return given[1] if given else super().generate_span_id()

        def generate_trace_id(self) -> int:
            if given := _given_ids.get():
                return given[0]
            known = current_trace_id()
            try:
                return int(known or "", 16) or super().generate_trace_id()
            except ValueError:
                return super().generate_trace_id()

    name = os.environ.get("OTEL_SERVICE_NAME") or f"{SCOPE}-{settings.PLATFORM.service}"
    resource = Resource.create({"service.name": name, "service.namespace": SCOPE})
    provider = TracerProvider(resource=resource, id_generator=LoggedIds(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


atexit.register(stop_tracing)


def _forget() -> None:
    """A fork has the parent's waiting spans, which the parent sends, and not its thread."""
    global _lock, _provider, _tracer, _is_decided
    _lock, _provider, _tracer, _is_decided = threading.Lock(), None, None, False


os.register_at_fork(after_in_child=_forget)
