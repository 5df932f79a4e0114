"""From the SDKs' exceptions to ours. Both SDKs are made alike, so one mapping serves them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import anthropic
import httpx2
import openai

from apps.gateway.providers.errors import (
    AuthenticationFailed,
    BadRequest,
    ConnectFailed,
    ConnectionLost,
    ContextTooLong,
    InvalidAnswer,
    ModelNotFound,
    OutOfCredit,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
)

_STATUS_ERRORS = (openai.APIStatusError, anthropic.APIStatusError)
_TIMEOUTS = (
    openai.APITimeoutError,
    anthropic.APITimeoutError,
    httpx2.TimeoutException,
    TimeoutError,
)
_CONNECTION_ERRORS = (openai.APIConnectionError, anthropic.APIConnectionError, httpx2.HTTPError)
_SDK_ERRORS = (openai.OpenAIError, anthropic.AnthropicError)
_UNSENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
)
_CONTEXT_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
# Anthropic has no code for it; its message begins so.
_CONTEXT_MESSAGE = "prompt is too long"
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_error"})
_BY_STATUS: dict[int, type[ProviderError]] = {
    401: AuthenticationFailed,
    402: OutOfCredit,
    403: AuthenticationFailed,
    404: ModelNotFound,
    408: ProviderUnavailable,
    409: ProviderUnavailable,
}
_LONGEST_DETAIL = 500


@contextmanager
def provider_errors() -> Iterator[None]:
    """Turn what an SDK, the wire or the reading of an answer raises into a ProviderError."""
    try:
        yield
    except (ProviderError, asyncio.CancelledError):
        raise
    except _STATUS_ERRORS as error:
        raise _from_status(error) from error
    except _TIMEOUTS as error:
        raise _from_timeout(error) from error
    except _CONNECTION_ERRORS as error:
        raise _from_connection(error) from error
    except (*_SDK_ERRORS, ValueError, TypeError, LookupError, AttributeError) as error:
        raise InvalidAnswer(f"The answer cannot be read: {_short(str(error))}") from error


def _from_status(error: Any) -> ProviderError:
    status, detail = error.status_code, _short(error.message)
    if status < 400:  # inside of a stream, where the answer may have cost something
        return InvalidAnswer(detail)
    codes = _codes(error)
    if codes & _QUOTA_CODES:
        return OutOfCredit(detail)
    if status == 429:
        return RateLimited(detail, retry_after=read_retry_after(error.response.headers))
    if status == 400 and (codes & _CONTEXT_CODES or _CONTEXT_MESSAGE in _message(error)):
        return ContextTooLong(detail)
    if status >= 500:
        return ProviderUnavailable(detail)
    return _BY_STATUS.get(status, BadRequest)(detail)


def _from_timeout(error: BaseException) -> ProviderError:
    if isinstance(error.__cause__ or error, _UNSENT):
        return ConnectFailed("No connection in time.")
    return ProviderTimeout("No answer in time.")


def _from_connection(error: BaseException) -> ProviderError:
    cause = error.__cause__ or error
    if isinstance(cause, _UNSENT):
        return ConnectFailed(f"No connection: {_short(str(cause))}")
    if isinstance(cause, httpx2.DecodingError):
        return InvalidAnswer("The answer cannot be decoded.")
    return ConnectionLost(f"The connection broke: {_short(str(cause))}")


def _body(error: Any) -> dict[str, Any]:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body


def _codes(error: Any) -> frozenset[str]:
    body = _body(error)
    return frozenset(str(body[key]) for key in ("code", "type") if body.get(key))


def _message(error: Any) -> str:
    return str(_body(error).get("message", ""))


def read_retry_after(headers: Any) -> float | None:
    """Seconds that the provider asks us to wait: retry-after-ms, or Retry-After in either form."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        text = headers.get("retry-after")
        if text is None:
            return None
        if text.strip().replace(".", "", 1).isdigit():
            return float(text)
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else text[:_LONGEST_DETAIL] + "…"
