"""The proxy that a trusted client in the worker is given."""

import os
import socket
import threading
import time
import urllib.request
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from agentplatform.core.wait import wait_for
from apps.tools.egress.way_out import serve_loopback


def opener_through(proxy):
    handler = urllib.request.ProxyHandler({"http": proxy, "https": proxy})
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


def test_a_client_with_the_password_reaches_what_the_rules_allow(make_egress, internet, rows):
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp") as proxy:
        opener = opener_through(proxy)
        assert status_of(opener, internet.http + "/a") == 200
        assert refusal_of(opener, "http://evil.test/") == 403
    assert [(row.via, row.host, bool(row.refusal)) for row in rows] == [
        ("mcp", "plain.test", False),
        ("mcp", "evil.test", True),
    ]
    assert "proxy-authorization" not in internet.plain.seen[0]["headers"]


@pytest.mark.parametrize("credentials", ["", "call:wrong@", "other:wrong@"])
def test_another_process_of_the_machine_is_not_served(make_egress, internet, rows, credentials):
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp") as proxy:
        opener = opener_through(f"http://{credentials}127.0.0.1:{urlsplit(proxy).port}")
        assert refusal_of(opener, internet.http + "/a") == 407
    assert internet.plain.seen == rows == []


def test_closing_the_way_cuts_what_is_open_and_leaves_nothing(
    make_egress, internet, rows, count_descriptors
):
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp"):
        pass
    before = count_descriptors()
    ended = []

    def wait_for_silence(proxy):
        try:
            opener_through(proxy).open(internet.http + "/silent", timeout=30)
        except OSError as error:
            ended.append(error)

    began = time.monotonic()
    with serve_loopback(make_egress("plain.test:PLAIN"), via="mcp") as proxy:
        client = threading.Thread(target=wait_for_silence, args=(proxy,))
        client.start()
        port = urlsplit(proxy).port
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
    with serve_loopback(egress, via="mcp") as proxy:
        port = urlsplit(proxy).port
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        assert status_of(opener_through(proxy), internet.http + "/a") == 200
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
    with serve_loopback(make_egress(f"plain.test:{port}"), via="mcp") as proxy:
        assert refusal_of(opener_through(proxy), f"http://plain.test:{port}/") == 502
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
        with serve_loopback(make_egress(f"plain.test:{port}"), via="mcp") as proxy:
            assert refusal_of(opener_through(proxy), f"http://plain.test:{port}/") == 502
        speaker.join()
    assert "whole HTTP" in rows[0].refusal
