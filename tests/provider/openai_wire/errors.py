"""OpenAI's error format and its key."""

from collections.abc import Mapping
from typing import Any

from tests.provider.refusal import Refusal
from tests.provider.wire import Errors

KINDS = {
    401: "invalid_request_error",
    402: "insufficient_quota",
    403: "invalid_request_error",
    408: "timeout",
    429: "requests",
}
CODES = {401: "invalid_api_key", 402: "billing_not_active", 429: "rate_limit_exceeded"}


def check_headers(headers: Mapping[str, str]) -> None:
    """Raises Refusal (401) without a bearer key, and for the key `invalid`."""
    key = headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not key:
        raise Refusal(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        )
    if key == "invalid":
        raise Refusal(401, "Incorrect API key provided: invalid.")


def render_error(refusal: Refusal) -> dict[str, Any]:
    """The error body."""
    fallback = "server_error" if refusal.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": refusal.message,
            "type": refusal.kind or KINDS.get(refusal.status, fallback),
            "param": refusal.param,
            "code": refusal.code or CODES.get(refusal.status),
        }
    }


OPENAI_ERRORS = Errors(
    provider="openai",
    check_headers=check_headers,
    render=render_error,
    request_id_header="x-request-id",
)
