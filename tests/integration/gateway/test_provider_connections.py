"""Over which connection a request goes, what is left of it, and when surely nothing was sent."""

import asyncio
import http.client
import socket
import threading
from typing import Any

import pytest

from apps.gateway.contracts import Message
from apps.gateway.providers import errors
from tests.integration.gateway.provider_calls import ask, fail, make
from tests.integration.gateway.scripted_calls import complete, outcome, talk
from tests.integration.gateway.scripted_server import (
    ANSWERS,
    SAID,
    Asked,
    as_events,
    as_json,
    framed,
    scripted_server,
    socket_server,
)
from tests.provider import Provider

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])
EITHER_WAY = pytest.mark.parametrize(
    "how", [{}, {"on_text": lambda _: None}], ids=["plain", "streamed"]
)


def whole(name: str, how: dict[str, Any]) -> bytes:
    """A good answer, plain or streamed."""
    return framed(as_events(name)) if how else as_json(ANSWERS[name])


@BOTH
@EITHER_WAY
def test_calls_one_after_the_other_share_a_connection(name: str, how: dict[str, Any]) -> None:
    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(whole(name, how))

    server, answer = talk(name, script, calls=5, **how)
    assert answer.completion.usage.completion_tokens == 2
    assert (server.connections, len(server.asked)) == (1, 5)


@BOTH
def test_a_kept_connection_that_the_provider_closed_is_not_used(name: str) -> None:
    """Its end has come in and the loop has not seen it yet: the request goes over another one."""
    served: list[int] = []
    is_over, is_closed = threading.Event(), threading.Event()

    def serve(listening: socket.socket) -> None:
        for number in (1, 2):
            connection, _ = listening.accept()
            with connection:
                receive(connection)
                served.append(number)
                connection.sendall(as_json(ANSWERS[name]))
                is_over.wait(10)
            is_closed.set()

    async def run(provider: Provider) -> None:
        chosen = make(provider, name)
        await complete(chosen)
        is_over.set()
        is_closed.wait(10)
        await complete(chosen)
        await chosen.close()

    with socket_server(serve) as provider:
        asyncio.run(run(provider))
    assert served == [1, 2]


@BOTH
@EITHER_WAY
def test_a_kept_connection_that_breaks_after_the_request_is_not_tried_again(
    name: str, how: dict[str, Any]
) -> None:
    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if seen:
            writer.close()
        else:
            writer.write(whole(name, how))
        seen.append(asked)

    seen: list[Asked] = []
    _, error = talk(name, script, calls=2, **how)
    assert type(error) is errors.ConnectionLost
    assert not error.is_unbilled
    assert len(seen) == 2


@BOTH
def test_a_host_that_swallows_connections_was_surely_sent_nothing(name: str) -> None:
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        full = Provider(port=listening.getsockname()[1], pid=0)
        error = fail(full, name, ask(), model="m", timeout_seconds=0.3)
    assert type(error) is errors.ConnectFailed
    assert error.is_unbilled


@BOTH
@pytest.mark.parametrize("url", ["", "no-scheme/v1", "ftp://host/v1", "http://nowhere.invalid/v1"])
def test_an_address_that_is_none_was_surely_sent_nothing(name: str, url: str) -> None:
    async def run() -> None:
        chosen = make(Provider(port=1, pid=0), name, url=url)
        error = await outcome(chosen)
        assert type(error) is errors.ConnectFailed
        await chosen.close()

    asyncio.run(run())


@BOTH
@EITHER_WAY
def test_a_call_that_is_given_up_closes_its_connection(name: str, how: dict[str, Any]) -> None:
    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if how:
            writer.write(whole(name, how)[:200])
        is_asked.set()

    async def run() -> None:
        async with scripted_server(script) as server:
            chosen = make(server.provider, name)
            call = asyncio.create_task(complete(chosen, **how))
            await is_asked.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await server.wait_until_left()
            await chosen.close()

    is_asked = asyncio.Event()
    asyncio.run(run())


@BOTH
def test_of_a_request_that_is_given_up_no_more_is_sent(name: str) -> None:
    """A provider that reads slowly gets what had left by then."""
    size = 30_000_000
    request = ask(Message(role="user", content="x" * size))
    received: list[int] = []
    is_begun, is_given_up = threading.Event(), threading.Event()

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1024)
            is_begun.set()
            is_given_up.wait(10)
            received.append(receive_all(connection))

    async def run(provider: Provider) -> None:
        chosen = make(provider, name)
        call = asyncio.create_task(
            chosen.complete(request, model="m", max_tokens=5, timeout_seconds=10)
        )
        await asyncio.to_thread(is_begun.wait, 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await chosen.close()
        is_given_up.set()

    with socket_server(serve) as provider:
        asyncio.run(run(provider))
    assert received[0] < size


@BOTH
def test_a_stream_is_whole_at_its_end_mark(name: str) -> None:
    """A server that keeps silent after it delays nobody, and loses its connection."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        body = as_events(name)
        writer.write(framed(body, length=len(body) + 100))

    async def run() -> None:
        async with scripted_server(script) as server:
            chosen = make(server.provider, name)
            answer = await complete(chosen, on_text=lambda _: None)
            assert answer.completion.text == SAID
            await server.wait_until_left()
            await chosen.close()

    asyncio.run(run())


def receive(connection: socket.socket) -> None:
    """Read one request."""
    with connection.makefile("rb") as lines:
        lines.readline()
        headers = http.client.parse_headers(lines)
        lines.read(int(headers["Content-Length"]))


def receive_all(connection: socket.socket) -> int:
    """How many bytes come until the connection ends."""
    count = 0
    try:
        while piece := connection.recv(1 << 20):
            count += len(piece)
    except ConnectionResetError:
        pass
    return count
