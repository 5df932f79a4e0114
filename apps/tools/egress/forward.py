"""Carry one plain HTTP request to its host and the answer back."""

import asyncio
from collections.abc import Iterator

import h11

from apps.tools.egress.errors import HostUnreachable
from apps.tools.egress.gate import Gate, Passage, Streams
from apps.tools.egress.targets import Target
from apps.tools.egress.wire import Wire

_OF_ONE_HOP = frozenset(
    {
        b"connection",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
    }
)
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Of a message's body: never about one connection only, whatever a client says."""


async def forward(
    client: Wire, request: h11.Request, target: Target, gate: Gate, passage: Passage
) -> None:
    """Send `request`, whose head the client has sent, over a connection of its own, and the answer
    to the client. Raises EgressRefused, HostUnreachable, TimeoutError, and the client's own
    h11.RemoteProtocolError or ConnectionError."""
    streams = await gate.dial(passage)
    limits = gate.egress.limits
    try:
        async with (
            asyncio.timeout(limits.request_seconds),
            asyncio.timeout(limits.idle_seconds) as idle,
        ):
            server = _server(streams, gate, passage, idle)
            await server.send(_outgoing(request, passage, target.path))
            await _exchange(client, server, passage)
    finally:
        streams[1].close()


def _server(streams: Streams, gate: Gate, passage: Passage, idle: asyncio.Timeout) -> Wire:
    loop = asyncio.get_running_loop()

    def moved() -> None:
        idle.reschedule(loop.time() + gate.egress.limits.idle_seconds)

    def sent(size: int) -> None:
        moved()
        gate.count(passage, sent=size)

    def received(size: int) -> None:
        moved()
        gate.count(passage, received=size)

    return Wire(h11.CLIENT, streams, sent=sent, received=received)


def _outgoing(request: h11.Request, passage: Passage, path: str) -> h11.Request:
    """The request to the host as the rules have read it, however the client wrote it."""
    port = "" if passage.port == 80 else f":{passage.port}"
    host = (b"Host", f"{passage.host}{port}".encode())
    return h11.Request(
        method=request.method,
        target=path,
        headers=[host, *_end_to_end(request), (b"Connection", b"close")],
    )


def _end_to_end(message: h11.Request | h11.Response) -> Iterator[tuple[bytes, bytes]]:
    """The headers that are not about one connection only (RFC 9110, 7.6.1)."""
    named = {
        name.strip().lower()
        for key, value in message.headers
        if key == b"connection"
        for name in value.split(b",")
    }
    for name, value in message.headers.raw_items():
        if name.lower() not in _OF_ONE_HOP | (named - _FRAMING):
            yield name, value


async def _exchange(client: Wire, server: Wire, passage: Passage) -> None:
    """Send the body while the answer comes: a host may answer before it has read everything."""
    upload = asyncio.ensure_future(_upload(client, server))
    answer = asyncio.ensure_future(_answer(client, server, passage))
    answer.add_done_callback(lambda _: upload.cancel())
    try:
        await asyncio.wait({upload, answer}, return_when=asyncio.FIRST_EXCEPTION)
        for task in (upload, answer):
            if task.done() and not task.cancelled() and (problem := task.exception()):
                raise problem
    finally:
        upload.cancel()
        answer.cancel()


async def _upload(client: Wire, server: Wire) -> None:
    while True:
        event = await client.next_event()
        if not isinstance(event, h11.Data | h11.EndOfMessage):
            return
        try:
            # What a client adds behind its body would be headers that nobody has checked.
            is_end = isinstance(event, h11.EndOfMessage)
            await server.send(h11.EndOfMessage() if is_end else event)
        except (ConnectionError, h11.LocalProtocolError):
            return  # the host wants no more; its answer says why
        if is_end:
            return


async def _answer(client: Wire, server: Wire, passage: Passage) -> None:
    while True:
        event = await _next_of_host(server, passage)
        if isinstance(event, h11.Response):
            passage.status = event.status_code
            await client.send(
                h11.Response(
                    status_code=event.status_code,
                    reason=event.reason,
                    headers=list(_end_to_end(event)),
                )
            )
        elif isinstance(event, h11.Data):
            await client.send(event)
        elif isinstance(event, h11.EndOfMessage):
            await client.send(h11.EndOfMessage())
            return
        elif not isinstance(event, h11.InformationalResponse):
            return


async def _next_of_host(server: Wire, passage: Passage) -> object:
    try:
        return await server.next_event()
    except (h11.RemoteProtocolError, ConnectionError) as error:
        raise HostUnreachable(f"{passage.host} did not answer in whole HTTP: {error}.") from error
