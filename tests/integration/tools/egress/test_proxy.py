"""The proxy, at a listener outside any sandbox."""

import os
import socket
import threading
import time
import urllib.request
from contextlib import contextmanager
from functools import partial
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.egress.connection import serve_proxy
from apps.tools.egress.gate import Gate
from apps.tools.egress.proxy import proxy


@contextmanager
def serve_loopback(egress, *, via):
    """The address of a proxy for one call."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    async def fill(door):
        door.listen(listener, partial(serve_proxy, gate=Gate(egress, via)))

    door = proxy().open(egress.limits.connections, fill)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        proxy().close(door)


def opener_through(address):
    handler = urllib.request.ProxyHandler({"http": address, "https": address})
    return urllib.request.build_opener(handler)


def status_of(opener, url):
    with opener.open(url, timeout=10) as answer:
        return answer.status


def refusal_of(opener, url):
    with pytest.raises(HTTPError) as refusal:
        opener.open(url, timeout=10)
    with refusal.value as error:
        return error.code


@pytest.fixture
def count_descriptors():
    return lambda: len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def test_a_client_reaches_what_the_rules_allow(make_egress, internet, rows):
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp") as address:
        opener = opener_through(address)
        assert status_of(opener, internet.http + "/a") == 200
        assert refusal_of(opener, "http://evil.test/") == 403
    assert [(row.via, row.host, bool(row.refusal)) for row in rows] == [
        ("mcp", "plain.test", False),
        ("mcp", "evil.test", True),
    ]


def test_closing_the_way_cuts_what_is_open_and_leaves_nothing(
    make_egress, internet, rows, count_descriptors
):
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp"):
        pass
    before = count_descriptors()
    ended = []

    def wait_for_silence(address):
        try:
            opener_through(address).open(internet.http + "/silent", timeout=30)
        except OSError as error:
            ended.append(error)

    began = time.monotonic()
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp") as address:
        client = threading.Thread(target=wait_for_silence, args=(address,))
        client.start()
        port = urlsplit(address).port
        idle = socket.create_connection(("127.0.0.1", port))
        wait_for(lambda: count_descriptors() >= before + 6, timeout_seconds=10, what="the request")
    client.join(10)
    idle.close()
    assert time.monotonic() - began < 10
    assert len(ended) == len(rows) == 1
    wait_for(lambda: count_descriptors() <= before + 2, timeout_seconds=10, what="closed sockets")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_more_connections_than_a_call_may_have_wait_their_turn(make_egress, internet):
    egress = make_egress("plain.test:PLAIN", connections=2, idle_seconds=0.5)
    with serve_loopback(egress, via="mcp") as address:
        port = urlsplit(address).port
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        assert status_of(opener_through(address), internet.http + "/a") == 200
        for one in held:
            one.close()


def test_two_calls_at_once_are_held_to_their_own_rules(make_egress, internet, rows):
    with (
        serve_loopback(make_egress("plain.test:PLAIN"), via="mcp") as one,
        serve_loopback(make_egress("other.test:PLAIN"), via="http") as other,
    ):
        assert status_of(opener_through(one), internet.http + "/a") == 200
        assert refusal_of(opener_through(other), internet.http + "/a") == 403
    assert [row.via for row in rows] == ["mcp", "http"]


def test_a_host_that_does_not_answer_is_unreachable(make_egress, rows):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with serve_loopback(make_egress(f"plain.test:{port}"), via="mcp") as address:
        assert refusal_of(opener_through(address), f"http://plain.test:{port}/") == 502
    assert "does not answer" in rows[0].refusal


def test_a_host_that_speaks_no_http_is_said_to(make_egress, rows):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def babble():
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 smtp ready\r\n")

        speaker = threading.Thread(target=babble)
        speaker.start()
        with serve_loopback(make_egress(f"plain.test:{port}"), via="mcp") as address:
            assert refusal_of(opener_through(address), f"http://plain.test:{port}/") == 502
        speaker.join()
    assert "whole HTTP" in rows[0].refusal


def send_raw(address, line, *headers, body=""):
    """The status of the answer to a request that is written as it is."""
    head = "".join(f"{one}\r\n" for one in (line, "Host: evil.test", *headers))
    with socket.create_connection(("127.0.0.1", urlsplit(address).port), 10) as raw:
        raw.sendall(f"{head}\r\n{body}".encode())
        raw.shutdown(socket.SHUT_WR)
        return raw.makefile("rb").readline().split()[1].decode()


def test_a_request_reaches_its_host_as_the_rules_have_read_it(make_egress, internet, rows):
    port = internet.plain.server_port
    with serve_loopback(make_egress("GET|POST plain.test:PLAIN"), via="mcp") as address:
        send = partial(send_raw, address)
        assert send(f"GET HTTP://Plain.TEST.:{port}/a HTTP/1.1") == "200"
        kept = ("Connection: content-length, x-hop", "Content-Length: 2", "X-Hop: 1")
        assert send(f"POST {internet.http}/b HTTP/1.1", *kept, body="hi") == "200"
        trailers = "0\r\nHost: evil.test\r\nX-Behind: 1\r\n\r\n"
        chunked = "Transfer-Encoding: chunked"
        assert send(f"POST {internet.http}/c HTTP/1.1", chunked, body=trailers) == "200"
        two_ends = (chunked, "Content-Length: 5")
        assert send(f"POST {internet.http}/d HTTP/1.1", *two_ends, body="0\r\n\r\n") == "400"
        override = "X-HTTP-Method-Override: DELETE"
        assert send(f"POST {internet.http}/e HTTP/1.1", override) == "403"
    seen = internet.plain.seen
    assert [(one["path"], one["body"]) for one in seen] == [("/a", ""), ("/b", "hi"), ("/c", "")]
    assert {one["headers"]["host"] for one in seen} == {f"plain.test:{port}"}
    assert not {"x-hop", "x-behind"} & {name for one in seen for name in one["headers"]}
    assert [bool(row.refusal) for row in rows] == [False, False, False, True, True]
