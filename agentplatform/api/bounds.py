"""Refuse requests that no view could read rightly, before any view sees them."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from agentplatform.api.headers import BEFORE_DJANGO
from agentplatform.api.problems import CONTENT_TYPE, problem, problem_response

MULTIPART_OVERHEAD = 64 * 1024

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def refusal_of(*, length: str, is_chunked: bool) -> dict[str, Any] | None:
    """The members of a problem that a body's headers deserve: it has a declared length within the
    largest upload, or there is none. `length` is the Content-Length as sent, "" without one."""
    limit = settings.PLATFORM.artifact_upload_limit_bytes
    if not length and is_chunked:
        return {"status": 411}
    if length.isdecimal() and int(length) > limit + MULTIPART_OVERHEAD:
        return {"status": 413, "detail": f"The body is larger than {limit} bytes. Send less."}
    return None


class RequestBounds:
    """Django middleware: the body as refusal_of has it; no NUL in the address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._refuse(request) or self._get_response(request)

    def _refuse(self, request: HttpRequest) -> HttpResponseBase | None:
        address = request.path + request.META.get("QUERY_STRING", "")
        if "\x00" in address or "%00" in address:
            return problem_response(status=400, detail="Remove the NUL character from the address.")
        refusal = refusal_of(
            length=request.META.get("CONTENT_LENGTH") or "",
            is_chunked="Transfer-Encoding" in request.headers,
        )
        return None if refusal is None else problem_response(**refusal)


class BodyBounds:
    """The same before Django, whose ASGI handler takes a whole body to disk before anyone looks at
    it: without this, an endless body of a stranger fills the disk."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = _refusal_of(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._application(scope, receive, send)
            return
        body = json.dumps(problem(**refusal)).encode()
        headers = [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *((name.lower().encode(), value.encode()) for name, value in BEFORE_DJANGO.items()),
        ]
        start = {"type": "http.response.start", "status": refusal["status"], "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _refusal_of(scope: Scope) -> dict[str, Any] | None:
    headers = dict(scope["headers"])
    return refusal_of(
        length=headers.get(b"content-length", b"").decode("latin-1"),
        is_chunked=b"transfer-encoding" in headers,
    )
