"""A provider that answers what a test says and keeps what it was asked."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.integration.gateway.scripted_server import (
    Asked,
    ScriptedServer,
    as_json,
    framed,
    scripted_server,
)


class Upstream:
    """`answer` is the JSON of every answer, or `events` those of a stream; `bodies` are whole ones,
    by the name of the model that is asked for."""

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self.answer: Any = None
        self.events: list[str] = []
        self.bodies: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of the requests."""
        return [one.body for one in self._server.asked]

    async def serve(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        said = self.bodies.get(asked.body["model"]) or as_stream(self.events)
        writer.write(framed(said) if said else as_json(self.answer))
        await writer.drain()


def as_stream(events: Sequence[str]) -> bytes:
    """Events as they are sent."""
    return "".join(f"data: {event}\n\n" for event in events).encode()


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """In a thread of its own."""
    ready, stop = threading.Event(), asyncio.Event()
    made: list[tuple[Upstream, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
            await made[0][0].serve(asked, writer)

        async with scripted_server(answer) as server:
            made.append((Upstream(server), asyncio.get_running_loop()))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    upstream, loop = made[0]
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
