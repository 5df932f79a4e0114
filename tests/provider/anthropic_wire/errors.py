"""Anthropic's error format, its key and its version header."""

from collections.abc import Mapping
from typing import Any

from tests.provider.refusal import Refusal
from tests.provider.values import REQUEST_ID
from tests.provider.wire import Errors

VERSION, OLDER_VERSION = "2026-10-21", "2023-06-01"
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises Refusal without a key (401), for the key `invalid`, and without a version (400)."""
    key = headers.get("x-api-key") or headers.get("Authorization", "").removeprefix("Bearer ")
    if not key.strip():
        raise Refusal(401, "x-api-key header is required")
    if key == "invalid":
        raise Refusal(401, "invalid x-api-key")
    if headers.get("anthropic-version") not in (VERSION, OLDER_VERSION):
        raise Refusal(400, "anthropic-version: header is required and must be a valid version")


def render_error(refusal: Refusal) -> dict[str, Any]:
    """The error body."""
    fallback = "api_error" if refusal.status >= 500 else "invalid_request_error"
    kind = refusal.kind or KINDS.get(refusal.status, fallback)
    return {
        "type": "error",
        "error": {"type": kind, "message": refusal.message},
        "request_id": f"req_{REQUEST_ID}",
    }


ANTHROPIC_ERRORS = Errors(
    provider="anthropic",
    check_headers=check_headers,
    render=render_error,
    request_id_header="request-id",
)
