"""Answers that are made while they are sent."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.request import Request

PAUSE_SECONDS = 0.25


def stream(
    request: Request | HttpRequest,
    parts: Iterator[bytes],
    *,
    content_type: str,
    pause_seconds: float = PAUSE_SECONDS,
    close: Callable[[], object] | None = None,
) -> StreamingHttpResponse:
    """Send each part when the client has taken the one before. An empty part says that nothing is
    there yet: `parts` is asked again after `pause_seconds`. `close` is called at the end, however
    many parts were taken.

    `parts` is asked after the request's scope is closed, so it has to open one for what it reads.
    Under ASGI, Django would gather a plain iterator's parts before it sends the first.
    """
    is_async = isinstance(getattr(request, "_request", request), ASGIRequest)
    made = (_one_by_one if is_async else _blocking)(parts, pause_seconds)
    return _Streamed(made, content_type=content_type, close=close)


class _Streamed(StreamingHttpResponse):
    _resource_closers: list[Callable[[], object]]

    def __init__(self, *given: Any, close: Callable[[], object] | None, **more: Any) -> None:
        super().__init__(*given, **more)
        if close is not None:
            self._resource_closers.append(close)


async def _one_by_one(parts: Iterator[bytes], pause_seconds: float) -> AsyncIterator[bytes]:
    take = sync_to_async(lambda: next(parts, None))
    while (part := await take()) is not None:
        if part:
            yield part
        else:
            await asyncio.sleep(pause_seconds)


def _blocking(parts: Iterator[bytes], pause_seconds: float) -> Iterator[bytes]:
    pause = threading.Event()
    for part in parts:
        if part:
            yield part
        else:
            pause.wait(pause_seconds)
