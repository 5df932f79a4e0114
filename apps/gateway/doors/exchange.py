"""One HTTP request and its answer, on ASGI."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from apps.gateway.doors.refusals import Refusal, compressed, too_large
from apps.gateway.providers.json_body import encode_json
from apps.gateway.services.kept_answer import KeptAnswer
from apps.gateway.services.keyed_calls import Claim

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")
_REPLAYED: Final = (b"idempotent-replayed", b"true")
EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")
_ALWAYS: Final = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_MAX_CREDENTIAL: Final = 8192


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Exchange:
    """`status` is that of the answer, 0 before it has begun; `answered_at` is when that was, on
    perf_counter; `call_id` is the call that the request makes, `claim` what it holds of its
    Idempotency-Key. `body` is what was read, if there is one. `always` are the headers of
    every answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.status = 0
        self.answered_at: float | None = None
        self.call_id: UUID | None = None
        self.claim: Claim | None = None
        self.body = b""
        self.always = _ALWAYS
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self._send = send

    @property
    def idempotency_key(self) -> str | None:
        """What the client says that all its repetitions of this request have in common."""
        raw = self._headers.get(b"idempotency-key")
        return None if raw is None else raw.decode("latin-1")

    @property
    def is_anthropic(self) -> bool:
        """Whether the client reads Anthropic's form."""
        return self.path.startswith("/v1/messages") or b"anthropic-version" in self._headers

    def header(self, name: bytes) -> str:
        """The header of this name in small letters; empty without one."""
        return self._headers.get(name, b"").decode("latin-1")

    def credential(self) -> str:
        """The key or token that the client sends, as OpenAI's or as Anthropic's clients do."""
        scheme, _, token = self.header(b"authorization").partition(" ")
        raw = token if scheme.lower() == "bearer" else self.header(b"x-api-key")
        return raw.strip()[:_MAX_CREDENTIAL]

    async def read_body(self, *, limit: int) -> bytes:
        """The whole body. Raises Refusal as soon as it passes `limit`, and where it is compressed,
        and ClientGone."""
        if encoding := self.header(b"content-encoding"):
            raise compressed(encoding)
        declared = self.header(b"content-length")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large(limit)
        message = await self._receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._read_more(body, limit)
        if message["type"] == "http.disconnect":
            raise ClientGone
        if len(body) > limit:
            raise too_large(limit)
        if self.idempotency_key is not None:
            self.body = body
        return body

    async def wait_until_gone(self) -> None:
        """Returns when the client has left. The body must have been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def reply(self, value: Any, *, status: int = 200, headers: Headers | None = None) -> None:
        """Answer with JSON."""
        await self.send_whole(encode_json(value), status=status, headers=[JSON, *(headers or ())])

    async def send_whole(self, body: bytes, *, status: int, headers: Headers) -> None:
        """Answer with these bytes, of the type that `headers` say."""
        length = (b"content-length", b"%d" % len(body))
        await self._start(status, [length, *self.always, *headers])
        await self._send({"type": "http.response.body", "body": body})

    async def replay(self, answer: KeptAnswer) -> None:
        """Answer as another request with the same key was answered."""
        assert answer.body is not None
        headers = encode_headers(dict(answer.headers))
        await self.send_whole(
            answer.body.encode(), status=answer.status, headers=[*headers, _REPLAYED]
        )

    async def refuse(self, refusal: Refusal, *, headers: Headers | None = None) -> bytes:
        """Answer with an error; returns its body."""
        own = [JSON, *(headers or ()), *encode_headers(refusal.headers)]
        if refusal.meaning.status == 413:
            own.append((b"connection", b"close"))
        body = encode_json(self._body_of(refusal))
        await self.send_whole(body, status=refusal.meaning.status, headers=own)
        return body

    async def start_events(self, *, headers: Headers) -> None:
        """Begin to answer with a stream of events."""
        await self._start(200, [EVENTS, *self.always, (b"x-accel-buffering", b"no"), *headers])

    async def send_events(self, data: bytes) -> None:
        """Send whole events."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end_events(self, data: bytes = b"") -> None:
        """Send the last events, and end the answer."""
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    def _body_of(self, refusal: Refusal) -> dict[str, Any]:
        if not self.is_anthropic:
            return refusal.body()
        return refusal.anthropic_body(request_id=str(self.call_id) if self.call_id else None)

    async def _start(self, status: int, headers: Headers) -> None:
        self.status = status
        self.answered_at = time.perf_counter()
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _read_more(self, first: bytes, limit: int) -> bytes:
        pieces, size = [first], len(first)
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > limit:
                raise too_large(limit)
            if not message.get("more_body"):
                return b"".join(pieces)


def encode_headers(headers: Mapping[str, str]) -> Headers:
    """Headers as ASGI takes them; what is no Latin-1 is replaced, line ends cannot be sent."""
    return [
        (name.encode(), "".join(value.splitlines()).encode("latin-1", "replace"))
        for name, value in headers.items()
    ]
