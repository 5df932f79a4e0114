"""The open listeners of one call."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, cast

import h11
import structlog

from apps.tools.egress.gate import Streams
from apps.tools.egress.names import answer_lookup
from apps.tools.egress.pace import Pace
from apps.tools.egress.wire import accepted_streams

log = structlog.get_logger("tools")

Serve = Callable[[Streams], Coroutine[Any, Any, None]]

_CONNECTIONS_PER_MINUTE = 6000
_LOOKUPS_PER_MINUTE = 6000
_PAUSE_SECONDS = 0.05


class Door:
    """Takes connections off its listeners and serves at most `connections` at a time; what is more
    waits, one a listener here and the rest in the kernel. Lives on the proxy's event loop."""

    def __init__(self, connections: int) -> None:
        self._places = asyncio.Semaphore(connections)
        self._pace = Pace(_CONNECTIONS_PER_MINUTE)
        self._sockets: list[socket.socket] = []
        self._transports: list[asyncio.DatagramTransport] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def listen(self, listener: socket.socket, serve: Serve) -> None:
        """Serve the connections of a listener until the door is closed, which closes it."""
        listener.setblocking(False)
        self._sockets.append(listener)
        self._start(self._accept(listener, serve))

    async def resolve(self, endpoint: socket.socket, knows: Callable[[str], bool]) -> None:
        """Answer the lookups that come to a datagram socket."""
        endpoint.setblocking(False)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Lookups(knows), sock=endpoint)
        self._transports.append(transport)

    async def close(self) -> None:
        """Cut every connection and close the listeners."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for transport in self._transports:
            transport.close()
        for one in self._sockets:
            one.close()

    async def _accept(self, listener: socket.socket, serve: Serve) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._pace.take(loop.time()):
                await asyncio.sleep(_PAUSE_SECONDS)
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:  # no descriptor is left, say; others give theirs back
                log.exception("egress.accept_failed")
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            try:
                await self._places.acquire()
            except asyncio.CancelledError:
                connection.close()
                raise
            task = self._start(_served(connection, serve))
            task.add_done_callback(lambda _: self._places.release())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Lookups(asyncio.DatagramProtocol):
    """Answers lookups until they come faster than they may, and none any more after that: reading
    a flood of them would cost other calls their time."""

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows
        self._pace = Pace(_LOOKUPS_PER_MINUTE)
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._pace.take(self._loop.time()):
            log.warning("egress.lookups_ended")
            self._transport.close()
        elif answer := answer_lookup(data, self._knows):
            self._transport.sendto(answer, addr)


async def _served(connection: socket.socket, serve: Serve) -> None:
    """Serve a connection to its end. What a client does wrong is its own end only."""
    streams = await accepted_streams(connection)
    try:
        with suppress(OSError, h11.ProtocolError):
            await serve(streams)
    except Exception:
        log.exception("egress.connection_failed")
    finally:
        streams[1].close()
