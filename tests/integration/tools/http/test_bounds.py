"""A call of the http tool ends in time, and asks again within it."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from apps.tools.egress.network import Network
from apps.tools.runners.work import ToolFailure


@contextmanager
def silent_server():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_body_that_drips_for_ever_times_out(call):
    assert call("/slow", seconds=0.5).status == "timeout"
    assert call("/slow", timeout_seconds=0.3).status == "timeout"


def test_a_stopped_call_ends_soon(call):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert call("/slow", seconds=30, stop=stop).status == "killed"


def test_a_handshake_that_never_comes_is_given_up(call):
    with silent_server() as port:
        where = {"allow": f"api.test:{port}", "retries": 0}
        assert call(f"https://api.test:{port}/", seconds=0.3, **where).status == "timeout"
        with pytest.raises(ToolFailure) as failure:
            call(f"https://api.test:{port}/", connect_timeout_seconds=0.2, **where)
    assert failure.value.code == "unreachable"


def test_a_name_that_is_not_resolved_in_time_is_given_up(call):
    may_end = threading.Event()
    network = Network(resolver=lambda host, port: may_end.wait(20) or [])
    try:
        assert call("/echo", network=network, seconds=0.3).status == "timeout"
    finally:
        may_end.set()


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(call, code):
    ran = call(f"/flaky?code={code}&times=1")
    assert (ran.value["status"], ran.value["attempts"]) == (200, 2)


def test_an_answer_that_does_not_come_is_asked_for_again(call):
    assert call("/dropped?times=1").value["attempts"] == 2


def test_the_last_answer_counts_when_the_patience_is_used_up(call, server):
    ran = call("/flaky?code=503&times=9", retries=1)
    assert (ran.status, ran.value["status"], ran.value["attempts"]) == ("ok", 503, 2)
    assert len(server.seen) == 2


def test_what_may_have_been_done_is_not_asked_for_again(call, server):
    assert call("/flaky?code=503&times=9", method="POST").value["attempts"] == 1
    with pytest.raises(ToolFailure):
        call("/dropped?times=9", method="POST")
    assert len(server.seen) == 2


def test_what_was_never_sent_is_tried_again_whatever_its_method(call, rows):
    with pytest.raises(ToolFailure) as failure:
        call("http://api.test:1/", method="POST", allow="api.test:1", retries=1)
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", True)
    assert len(rows) == 2


def test_a_server_is_given_the_time_that_it_asks_for(call):
    started = time.monotonic()
    assert call("/flaky?code=429&times=1&after=1").value["status"] == 200
    assert time.monotonic() - started >= 1


def test_a_server_that_asks_for_more_time_than_there_is_has_answered(call):
    ran = call("/flaky?code=429&times=1&after=60")
    assert (ran.value["status"], ran.value["attempts"]) == (429, 1)
    assert ran.value["headers"]["retry-after"] == "60"


def test_all_addresses_of_a_host_are_tried(call, rows):
    network = Network(
        resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"], is_allowed=lambda _: True
    )
    assert call("/status?code=200", network=network, retries=0).value["status"] == 200
    assert [row.address for row in rows] == ["127.0.0.1"]
