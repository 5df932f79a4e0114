"""What it means when the wire breaks, or when an answer cannot be read."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError

from apps.gateway.providers.errors import (
    ConnectFailed,
    ConnectionLost,
    InvalidAnswer,
    ProviderError,
    ProviderTimeout,
    shorten,
)


def wire_error(error: Exception, *, is_begun: bool) -> ProviderError:
    """The meaning of an error of aiohttp or the socket, or of a ValueError. `is_begun`: the
    provider may have the request; otherwise it surely has not."""
    is_late = isinstance(error, TimeoutError)
    if not is_begun:
        return ConnectFailed("No connection in time." if is_late else _told("No connection", error))
    if is_late:
        return ProviderTimeout("No answer in time.")
    if isinstance(error.__cause__, ContentEncodingError):
        return InvalidAnswer("The answer cannot be decoded.")
    if isinstance(error, aiohttp.ClientResponseError):
        return InvalidAnswer(_told("The answer is no HTTP", error))
    if isinstance(error, ValueError):
        return InvalidAnswer(_told("The answer cannot be read", error))
    return ConnectionLost(_told("The connection broke", error))


@contextmanager
def reading_answer() -> Iterator[None]:
    """Turn what the reading of an answer raises into InvalidAnswer."""
    try:
        yield
    except (ProviderError, asyncio.CancelledError):
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise InvalidAnswer(_told("The answer cannot be read", error)) from error


def _told(what: str, error: Exception) -> str:
    return shorten(f"{what}: {error or type(error).__name__}")
