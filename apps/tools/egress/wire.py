"""One side of an HTTP/1.1 connection."""

import asyncio
import json
import socket
from collections.abc import Callable

import h11

from apps.tools.egress.gate import Streams

_CHUNK_BYTES = 64 * 1024
_HEAD_BYTES = 64 * 1024
_PHRASE_CHARACTERS = 200

Event = h11.Event | type[h11.PAUSED]


def _nothing(_: int) -> None: ...


class Wire:
    """Reads and sends h11's events over a pair of streams; `sent` and `received` are told of the
    bytes."""

    def __init__(
        self,
        role: type[h11.CLIENT] | type[h11.SERVER],
        streams: Streams,
        *,
        already: bytes = b"",
        sent: Callable[[int], None] = _nothing,
        received: Callable[[int], None] = _nothing,
    ) -> None:
        self.state = h11.Connection(role, max_incomplete_event_size=_HEAD_BYTES)
        self.streams = streams
        self._is_head = False
        self._sent = sent
        self._received = received
        if already:
            self.state.receive_data(already)

    async def next_event(self) -> Event:
        """The next event. Raises h11.RemoteProtocolError, ConnectionError."""
        await asyncio.sleep(0)  # what was read may hold thousands; others have their turn between
        while (event := self.state.next_event()) is h11.NEED_DATA:
            if self.state.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            part = await self.streams[0].read(_CHUNK_BYTES)
            self._received(len(part))
            self.state.receive_data(part)
        if isinstance(event, h11.Request):
            self._is_head = event.method == b"HEAD"
        return event  # type: ignore[return-value]

    async def send(self, event: h11.Event) -> None:
        """Send one event. Raises ConnectionError."""
        data = self.state.send(event)
        if data:
            self._sent(len(data))
            self.streams[1].write(data)
            await self.streams[1].drain()

    async def answer(
        self, status: int, code: str, detail: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """Answer a client with an error of the proxy's own, unless an answer has begun. The detail
        is in the body, in a header, and in the reason, which is all that some clients show."""
        if self.state.our_state not in {h11.SEND_RESPONSE, h11.IDLE}:
            return
        phrase = detail.encode("ascii", "replace").decode().translate(_CONTROLS)
        body = json.dumps({"error": {"code": code, "detail": detail}}).encode()
        response = h11.Response(
            status_code=status,
            reason=phrase[:_PHRASE_CHARACTERS],
            headers=[
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("X-Egress-Refused", phrase),
                ("Connection", "close"),
                *headers,
            ],
        )
        await self.send(response)
        if not self._is_head:
            await self.send(h11.Data(data=body))
        await self.send(h11.EndOfMessage())


_CONTROLS = dict.fromkeys((*range(32), 127), "?")


async def accepted_streams(connection: socket.socket) -> Streams:
    """The streams of an accepted connection."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
