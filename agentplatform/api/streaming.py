"""Answers that are made while they are sent."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from rest_framework.request import Request


def stream(
    request: Request | HttpRequest, parts: Iterator[bytes], *, content_type: str
) -> StreamingHttpResponse:
    """Send each part when the client has taken the one before.

    `parts` is asked after the request's scope is closed, so it has to open one for what it reads.
    Under ASGI, Django would gather a plain iterator's parts before it sends the first.
    """
    is_async = isinstance(getattr(request, "_request", request), ASGIRequest)
    return StreamingHttpResponse(
        _one_by_one(parts) if is_async else parts, content_type=content_type
    )


async def _one_by_one(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    take = sync_to_async(lambda: next(parts, None))
    while (part := await take()) is not None:
        yield part
