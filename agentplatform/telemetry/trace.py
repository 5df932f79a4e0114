"""The trace that the present request or task belongs to (W3C trace context, version 00)."""

import re
import secrets

import structlog

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def new_trace_id() -> str:
    """32 random hexadecimal digits."""
    return secrets.token_hex(16)


def trace_id_of(traceparent: str) -> str | None:
    """The trace id of a `traceparent` header; None when it is missing or malformed."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return match[1] if match else None


def current_trace_id() -> str | None:
    """The trace id that is bound to this request or task."""
    value = structlog.contextvars.get_contextvars().get("trace_id")
    return value if isinstance(value, str) else None
