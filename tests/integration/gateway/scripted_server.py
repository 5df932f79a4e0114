"""A provider of a few lines: each test says byte by byte what it answers."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from tests.provider import Provider

CHAT: dict[str, Any] = {
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2},
}
MESSAGE: dict[str, Any] = {
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "output_tokens": 2},
}
ANSWERS = {"openai": CHAT, "local": CHAT, "anthropic": MESSAGE}
STREAMS: dict[str, list[dict[str, Any] | str]] = {
    "openai": [
        {"choices": [{"delta": {"content": "H\u00e9 "}}]},
        {"choices": [{"delta": {"content": "\U0001f642."}}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        "[DONE]",
    ],
    "anthropic": [
        {"type": "message_start", "message": {"usage": {"input_tokens": 5, "output_tokens": 1}}},
        {"type": "ping"},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": "H\u00e9 "},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "\U0001f642."},
        },
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 2},
        },
        {"type": "message_stop"},
    ],
}
SAID = "H\u00e9 \U0001f642."


@dataclass(frozen=True)
class Asked:
    """A request as it came. `connection` counts from 1."""

    connection: int
    path: str
    headers: dict[str, str]
    body: Any


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class ScriptedServer:
    """What it was asked, and how many connections were made."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    serving: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def provider(self) -> Provider:
        """Its address, as the gateway's providers take it."""
        return Provider(port=self.port, pid=0)

    async def wait_until_left(self) -> None:
        """Until every client has closed its connection."""
        await asyncio.wait(self.serving, timeout=10)
        assert all(one.done() for one in self.serving)


@asynccontextmanager
async def scripted_server(answer: Answer) -> AsyncIterator[ScriptedServer]:
    """A server on a free port that calls `answer` for each request, and lets the connection go once
    `answer` has closed it or the client has left."""
    server = ScriptedServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        number = server.connections
        server.serving.add(cast("asyncio.Task[Any]", asyncio.current_task()))
        try:
            while not writer.is_closing() and (asked := await _read_request(reader, number)):
                server.asked.append(asked)
                await answer(asked, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**24)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@contextmanager
def socket_server(serve: Callable[[socket.socket], None]) -> Iterator[Provider]:
    """`serve` in a thread, given a listening socket: it goes on while the client's loop stands."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield Provider(port=listening.getsockname()[1], pid=0)
        finally:
            thread.join()


def as_json(value: Any, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A whole answer."""
    return framed(json.dumps(value).encode(), status=status, headers=headers)


def framed(body: bytes, *, status: str = "200 OK", headers: str = "", length: int = -1) -> bytes:
    """An answer with this body; `length` is what it says of its length, if that is no truth."""
    told = len(body) if length < 0 else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {told}\r\n{headers}\r\n".encode() + body


def as_events(name: str, *, end: str = "\n") -> bytes:
    """The body of a stream."""
    events = [item if isinstance(item, str) else _dump(item) for item in STREAMS[name]]
    return "".join(f"data: {event}{end}{end}" for event in events).encode()


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(connection, first.split(" ")[1], headers, json.loads(body or b"null"))
