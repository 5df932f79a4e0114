"""Why a request is not answered, in OpenAI's words: {"error": {message, type, param, code}}; and in
Anthropic's: {"type": "error", "error": {type, message}}."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

from agentplatform.core.errors import PlatformError
from apps.gateway.services.attempt import Failed
from apps.gateway.services.reception import RateLimitReached

RETRY_SECONDS: Final = 1
"""What is told to who should come again, where nobody knows better."""
LONGEST_RETRY_SECONDS: Final = 3600
"""A provider may say anything."""


@dataclass(frozen=True)
class Meaning:
    """A status, and a type and a code that OpenAI's clients know."""

    status: int
    type: str
    code: str | None = None


_WRONG: Final = Meaning(400, "invalid_request_error")
_BUSY: Final = Meaning(503, "server_error", "unavailable")
_BY_CODE: Final[dict[str, Meaning]] = {
    "unauthenticated": Meaning(401, "invalid_request_error", "invalid_api_key"),
    "tenant_inactive": Meaning(403, "invalid_request_error", "tenant_inactive"),
    "budget_exceeded": Meaning(429, "insufficient_quota", "budget_exceeded"),
    "unknown_model": Meaning(404, "invalid_request_error", "model_not_found"),
    "no_provider": Meaning(404, "invalid_request_error", "model_not_found"),
    "own_key_unreadable": Meaning(403, "invalid_request_error", "own_key_unreadable"),
    "circuit_open": Meaning(503, "server_error", "circuit_open"),
    "bad_request": Meaning(400, "invalid_request_error", "bad_request"),
    "context_too_long": Meaning(400, "invalid_request_error", "context_length_exceeded"),
    "content_filtered": Meaning(400, "invalid_request_error", "content_filter"),
    "unsupported": Meaning(400, "invalid_request_error", "unsupported"),
    "invalid": _WRONG,
    "providers_failed": Meaning(502, "server_error", "providers_failed"),
    "invalid_output": Meaning(502, "server_error", "invalid_output"),
}

_COME_AGAIN: Final = frozenset({429, 502, 503})
"""Upon these clients come again by themselves, unless they are told that it is in vain."""
_IN_VAIN: Final = {"x-should-retry": "false"}

_ANTHROPIC_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "overloaded_error",
}


@dataclass
class Refusal(Exception):
    """An answer that is an error; `param` names the part of the request that is wrong. By `details`
    Anthropic's client goes on by itself."""

    message: str
    meaning: Meaning = _WRONG
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] | None = None

    def anthropic_body(self, *, request_id: str | None) -> dict[str, Any]:
        kind = _ANTHROPIC_TYPES.get(self.meaning.status, "invalid_request_error")
        error: dict[str, Any] = {"type": kind, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return {"type": "error", "error": error, "request_id": request_id}

    def body(self) -> dict[str, Any]:
        error = {
            "message": self.message,
            "type": self.meaning.type,
            "param": self.param,
            "code": self.meaning.code,
        }
        return {"error": error}


def wrong(param: str | None, message: str, *, code: str | None = None) -> Refusal:
    """The refusal of a request for this parameter."""
    return Refusal(message, Meaning(400, "invalid_request_error", code), param)


def not_found(path: str, *, meant: str | None = None) -> Refusal:
    """`meant` is the address that the client surely means."""
    message = f"There is nothing at {path}; see the list of addresses in docs/gateway-http.md."
    if meant is not None:
        message = (
            f"There is nothing at {path}; use {meant}. The base_url of OpenAI's clients ends in "
            "/v1, that of Anthropic's does not."
        )
    return Refusal(message, Meaning(404, "invalid_request_error", "not_found"))


def wrong_method(method: str, allowed: str) -> Refusal:
    meaning = Meaning(405, "invalid_request_error", "method_not_allowed")
    return Refusal(f"Use {allowed} here, not {method}.", meaning, headers={"allow": allowed})


def too_large(limit: int) -> Refusal:
    meaning = Meaning(413, "invalid_request_error", "request_too_large")
    return Refusal(f"The body is larger than {limit} bytes; send less.", meaning)


def compressed(encoding: str) -> Refusal:
    meaning = Meaning(415, "invalid_request_error", "unsupported_encoding")
    return Refusal(f"The body is compressed ({encoding[:40]}); send it as it is.", meaning)


def refusal_of_failed(failed: Failed) -> Refusal:
    """Of a call that got no answer."""
    failure = failed.failure
    meaning = _BY_CODE.get(failure.code, _BUSY)
    if failure.is_retryable and meaning.status == 502:
        meaning = Meaning(503, meaning.type, meaning.code)
    param = "model" if meaning.code == "model_not_found" else None
    headers = _retry_headers(meaning, failed.wait_seconds)
    if not failure.is_retryable and meaning.status in _COME_AGAIN:
        headers = _IN_VAIN
    return Refusal(failure.detail, meaning, param, headers)


def refusal_of_error(error: Exception) -> Refusal:
    """Of a request that an error ended: the platform's own say why; of others nothing is told."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RateLimitReached):
        refused = error.decision.refusal
        assert refused is not None
        return Refusal(refused.detail, Meaning(429, refused.unit, "rate_limit_exceeded"))
    if not isinstance(error, PlatformError):
        meaning = Meaning(500, "server_error", "internal_error")
        return Refusal("The gateway failed in a way it should not; its log says more.", meaning)
    meaning = _BY_CODE.get(error.code) or Meaning(error.status, "server_error", error.code)
    return Refusal(error.detail, meaning, headers=_retry_headers(meaning))


def conflict(message: str, code: str) -> Refusal:
    """The key of the request stands for something else; to ask again changes nothing."""
    meaning = Meaning(409, "invalid_request_error", code)
    return Refusal(message, meaning, "Idempotency-Key", _IN_VAIN)


def unavailable(message: str) -> Refusal:
    """Something that the gateway needs is away; it is worth coming again."""
    return Refusal(message, _BUSY, headers=_retry_headers(_BUSY))


def stopping() -> Refusal:
    """The process ends before the answer does."""
    return unavailable(
        "The gateway was told to stop and has given this call up; what the provider may have used "
        "is charged. Try again."
    )


def _retry_headers(meaning: Meaning, wait_seconds: float = 0.0) -> dict[str, str]:
    if meaning.status != 503:
        return {}
    seconds = max(RETRY_SECONDS, min(wait_seconds, LONGEST_RETRY_SECONDS))
    return {
        "retry-after": str(math.ceil(seconds)),
        "retry-after-ms": str(math.ceil(seconds * 1000)),
    }
