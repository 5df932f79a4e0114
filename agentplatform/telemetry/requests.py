"""What is seen of every HTTP request: its trace, its metrics and one line in the log."""

from collections.abc import Callable
from http import HTTPMethod
from time import perf_counter

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from agentplatform.telemetry.metrics import HTTP_DURATION, HTTP_REQUESTS
from agentplatform.telemetry.trace import new_trace_id, trace_id_of

QUIET = ("health", "health/ready", "metrics")
METHODS = frozenset(HTTPMethod)

log = structlog.get_logger("http")


class RequestTelemetry:
    """Middleware, outermost. Continues the trace of a `traceparent` header or starts one, and
    answers with its id as X-Request-ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        trace_id = trace_id_of(request.headers.get("traceparent", "")) or new_trace_id()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace_id)
        try:
            response = self._get_response(request)
            response["X-Request-ID"] = trace_id
            _record(request, response, perf_counter() - started)
            return response
        finally:
            structlog.contextvars.clear_contextvars()


def _record(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    service = settings.PLATFORM.service
    method = request.method if request.method in METHODS else "OTHER"
    endpoint = endpoint_of(request)
    HTTP_REQUESTS.labels(service, method, str(response.status_code)).inc()
    HTTP_DURATION.labels(service, endpoint).observe(seconds)
    write = log.debug if endpoint.lstrip("/") in QUIET else log.info
    write(
        "request.finished",
        method=method,
        path=request.path,
        endpoint=endpoint,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 1),
    )


def endpoint_of(request: HttpRequest) -> str:
    """The template of the address, so that ids in it make no new label."""
    if request.resolver_match is not None:
        return f"/{request.resolver_match.route}"
    is_static = request.path.startswith(settings.STATIC_URL)
    return settings.STATIC_URL if is_static else "unmatched"
