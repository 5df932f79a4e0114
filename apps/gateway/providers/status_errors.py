"""What an answer with an error status means. OpenAI and Anthropic say it alike."""

from collections.abc import Mapping
from typing import Any

from agentplatform.core.retry_after import read_retry_after
from apps.gateway.providers.errors import (
    AuthenticationFailed,
    BadRequest,
    Busy,
    ContentFiltered,
    ContextTooLong,
    InvalidAnswer,
    ModelNotFound,
    OutOfCredit,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Unsupported,
    shorten,
)
from apps.gateway.providers.json_body import decode_json, encode_json

_CONTEXT_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
# Anthropic and vLLM have no code for it. Their messages say so of a prompt, or of a prompt and the
# bound of its answer together.
_CONTEXT_MESSAGES = (
    "prompt is too long",
    "exceed context limit",
    "maximum context length is",
    "longer than the maximum model length",
)
# llama.cpp says so, with a 500, of a text to embed that is larger than its batch.
_BATCH_MESSAGE = "is too large to process"
# Anthropic has no code for this either.
_FILTER_MESSAGE = "blocked by content filtering policy"
_FILTER_CODES = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})
_QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active"}
)
# Anthropic says so with a 400.
_QUOTA_MESSAGES = ("credit balance is too low", "reached your specified API usage limits")
_BY_STATUS: dict[int, type[ProviderError]] = {
    401: AuthenticationFailed,
    402: OutOfCredit,
    403: AuthenticationFailed,
    404: ModelNotFound,
    408: ProviderUnavailable,
    409: ProviderUnavailable,
    429: RateLimited,
    501: Unsupported,
}


_STATUS_BY_TYPE = {
    "api_error": 500,
    "authentication_error": 401,
    "billing_error": 402,
    "invalid_request_error": 400,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "requests": 429,
    "server_error": 500,
    "timeout_error": 504,
    "tokens": 429,
}
"""What errors are called in the events of a stream, Anthropic's and OpenAI's."""


def status_error(status: int, headers: Mapping[str, str], raw: bytes) -> ProviderError:
    """The error of an answer whose status is no success; `raw` is its body."""
    if status < 400:
        return _redirected(status, headers)
    body = _body(raw)
    message = body.get("message")
    detail = f"Error code: {status}"
    if isinstance(message, str) and message:
        detail = shorten(f"{detail} - {message}")
    codes = {str(body[key]) for key in ("code", "type") if body.get(key)}
    if codes & _QUOTA_CODES or _says(message, *_QUOTA_MESSAGES):
        return OutOfCredit(detail)
    if status == 400 and (codes & _CONTEXT_CODES or _says(message, *_CONTEXT_MESSAGES)):
        return ContextTooLong(detail)
    if status == 500 and _says(message, _BATCH_MESSAGE):
        return ContextTooLong(detail)
    if status == 400 and (codes & _FILTER_CODES or _says(message, _FILTER_MESSAGE)):
        return ContentFiltered(detail)
    usual = ProviderUnavailable if status >= 500 else BadRequest
    kind = _BY_STATUS.get(status, usual)
    if issubclass(kind, Busy):
        return kind(detail, retry_after=read_retry_after(headers))
    return kind(detail)


def told_error(error: Any, *, has_begun: bool) -> ProviderError:
    """What an answer of a good status, or a stream, tells of an error. In place of an answer that
    has not begun it means what its status would; later nobody knows what was billed."""
    status = None if has_begun or not isinstance(error, dict) else _status_of(error)
    if status is not None:
        return status_error(status, {}, encode_json({"error": error}))
    told = error.get("message") if isinstance(error, dict) else error
    return InvalidAnswer(f"The answer tells of an error: {shorten(str(told or error))}")


def _status_of(error: dict[str, Any]) -> int | None:
    """By its type or, as servers that speak for others write it, by its code."""
    code = error.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return _STATUS_BY_TYPE.get(str(error.get("type")))


def _says(message: Any, *phrases: str) -> bool:
    return isinstance(message, str) and any(phrase in message for phrase in phrases)


def _redirected(status: int, headers: Mapping[str, str]) -> ProviderError:
    where = headers.get("location") or "nowhere"
    return ProviderError(
        shorten(f"The provider redirects ({status}) to {where}: set its base URL to where it is.")
    )


def _body(raw: bytes) -> dict[str, Any]:
    """The part of an error's body that has its message, code and type."""
    try:
        body = decode_json(raw)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body
