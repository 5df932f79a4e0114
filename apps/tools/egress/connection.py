"""Serve one connection of a client: a proxy's requests, or those meant for the host itself."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import h11

from apps.tools.egress.errors import EgressRefused, HostUnreachable, TooManyRequests
from apps.tools.egress.forward import forward
from apps.tools.egress.gate import Gate, Passage, Streams
from apps.tools.egress.rules import overriding_methods
from apps.tools.egress.targets import (
    BadTarget,
    Target,
    direct_target,
    proxied_target,
    tunnel_target,
)
from apps.tools.egress.tunnel import CHUNK_BYTES, carry, read_hello
from apps.tools.egress.wire import Wire

_TLS_HANDSHAKE = b"\x16"
_ACCESS_DENIED = b"\x15\x03\x03\x00\x02\x02\x31"  # a fatal alert of TLS (RFC 8446, 6)
_LINGER_SECONDS = 1.0

ReadTarget = Callable[[h11.Request], Target]


async def serve_proxy(streams: Streams, gate: Gate) -> None:
    """Serve a client that knows it speaks to a proxy: CONNECT, or whole addresses of http."""
    client = Wire(h11.SERVER, streams)
    await _serve(client, gate, lambda request: proxied_target(request.target.decode()))


async def serve_direct(streams: Streams, gate: Gate, *, port: int) -> None:
    """Serve a client that believes it has reached the host itself: TLS goes where its ClientHello
    says, HTTP where its Host header says."""
    async with asyncio.timeout(gate.egress.limits.idle_seconds):
        first = await streams[0].read(CHUNK_BYTES)
    if first.startswith(_TLS_HANDSHAKE):
        await _carry_direct(streams, gate, port, first)
    elif first:
        client = Wire(h11.SERVER, streams, already=first)
        await _serve(client, gate, lambda request: _direct(request, port))


async def _carry_direct(streams: Streams, gate: Gate, port: int, first: bytes) -> None:
    try:
        with gate.passage(method="CONNECT", host="", port=port) as passage:
            passage.host, hello = await read_hello(streams[0], first)
            gate.admit(passage)
            server = await gate.dial(passage)
            try:
                gate.count(passage, sent=len(hello))
                server[1].write(hello)
                await carry(streams, server, gate, passage)
            finally:
                server[1].close()
    except (EgressRefused, HostUnreachable):
        await _deny(streams)


async def _serve(client: Wire, gate: Gate, read: ReadTarget) -> None:
    """One request after the other, each checked anew, until one side wants no more."""
    while True:
        try:
            async with asyncio.timeout(gate.egress.limits.idle_seconds):
                request = await client.next_event()
        except h11.RemoteProtocolError as error:
            return await client.answer(400, "bad_request", f"This is no HTTP/1.1: {error}.")
        if not isinstance(request, h11.Request):
            return None
        if not await _answer(client, request, gate, read):
            return await _linger(client.streams)
        if client.state.our_state is not h11.DONE or client.state.their_state is not h11.DONE:
            return None
        client.state.start_next_cycle()


async def _answer(client: Wire, request: h11.Request, gate: Gate, read: ReadTarget) -> bool:
    """Do what the request wants. False when it was answered with an error of the proxy's."""
    method = request.method.decode()
    try:
        with gate.passage(method=method, host=request.target.decode(), port=0) as passage:
            target = tunnel_target(passage.host) if method == "CONNECT" else read(request)
            passage.host, passage.port = target.host, target.port
            _check_body(request)
            gate.admit(passage, also_as=_overrides(request))
            if method == "CONNECT":
                await _tunnel(client, gate, passage)
            else:
                await forward(client, request, target, gate, passage)
        return True
    except TooManyRequests as error:
        await client.answer(429, "too_many_requests", error.detail, (("Retry-After", "1"),))
    except BadTarget as error:
        await client.answer(400, "bad_request", error.detail)
    except EgressRefused as error:
        await client.answer(403, "egress_refused", error.detail)
    except HostUnreachable as error:
        await client.answer(502, "unreachable", error.detail)
    except TimeoutError:
        await client.answer(504, "timeout", "The host did not answer in time.")
    return False


async def _tunnel(client: Wire, gate: Gate, passage: Passage) -> None:
    server = await gate.dial(passage)
    try:
        await client.next_event()  # the end of the request
        await client.send(h11.Response(status_code=200, reason="Connected", headers=[]))
        try:
            name, hello = await read_hello(client.streams[0], client.state.trailing_data[0])
            if name != passage.host:
                raise EgressRefused(
                    f"The tunnel is refused: it was opened to {passage.host}, but its TLS names "
                    f"{name[:100]!r} (SNI)."
                )
            gate.count(passage, sent=len(hello))
            server[1].write(hello)
            await carry(client.streams, server, gate, passage)
        except EgressRefused:
            await _deny(client.streams)
            raise
    finally:
        server[1].close()


def _check_body(request: h11.Request) -> None:
    """Two ways to say where a body ends would let it hold another request, which nobody checks."""
    if {name for name, _ in request.headers} >= {b"content-length", b"transfer-encoding"}:
        raise BadTarget("Send Content-Length or Transfer-Encoding, not both.")


def _overrides(request: h11.Request) -> list[str]:
    return overriding_methods(
        (name.decode("ascii"), value.decode("ascii", "replace")) for name, value in request.headers
    )


def _direct(request: h11.Request, port: int) -> Target:
    hosts = [value for name, value in request.headers if name == b"host"]
    host = hosts[0].decode("ascii", "replace") if len(hosts) == 1 else ""
    target = direct_target(request.target.decode(), host)
    if target.port != port and not (target.port == 80 and ":" not in host):
        raise BadTarget(f"The Host header names another port than {port}.")
    return Target(host=target.host, port=port, path=target.path)


async def _deny(streams: Streams) -> None:
    with suppress(ConnectionError):
        streams[1].write(_ACCESS_DENIED)
        await streams[1].drain()


async def _linger(streams: Streams) -> None:
    """Let the client read the answer before what it still sends resets the connection."""
    with suppress(OSError, RuntimeError, TimeoutError):
        streams[1].write_eof()
        async with asyncio.timeout(_LINGER_SECONDS):
            while await streams[0].read(CHUNK_BYTES):
                pass
