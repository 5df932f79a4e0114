"""Where the http tool may go, and what is recorded of it."""

import socket
from ipaddress import ip_network

import pytest

from agentplatform.settings.private_ranges import PrivateRange
from apps.tools.egress.network import Network
from apps.tools.runners.work import ToolFailure


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], []]
)
def test_a_name_that_has_an_address_of_ours_is_refused(call, answers):
    with pytest.raises(ToolFailure) as refusal:
        call("http://api.test/", network=Network(resolver=lambda host, port: answers))
    assert refusal.value.code == "egress_refused"


def test_a_private_address_that_the_operator_opened_is_dialled(server, call):
    opened = PrivateRange(network=ip_network("127.0.0.1"), port=server.server_port)
    network = Network(resolver=lambda host, port: ["127.0.0.1"])
    assert call("/status?code=418", network=network, private=[opened]).value["status"] == 418


def test_the_vetted_address_is_dialled_though_the_name_changes(call):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    network = Network(resolver=lambda host, port: next(answers), is_allowed=lambda _: True)
    assert call("/status?code=418", network=network).value["status"] == 418
    assert next(answers) == ["10.0.0.1"]


def test_an_unknown_name_may_be_retried(call):
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(ToolFailure) as failure:
        call("http://api.test/", network=Network(resolver=unknown), retries=0)
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", True)


def test_a_certificate_of_another_name_is_not_trusted(call, server, rows):
    with pytest.raises(ToolFailure) as failure:
        call("https://other.test:TLS/echo", allow=f"other.test:{server.tls_port}")
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", False)
    assert "not to be trusted: Hostname mismatch" in failure.value.detail
    assert len(rows) == 1


def test_a_port_without_tls_is_told_once(call, server, rows):
    with pytest.raises(ToolFailure, match="does not speak TLS; use http://") as failure:
        call(f"https://api.test:{server.server_port}/echo")
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", False)
    assert len(rows) == 1


def test_a_rule_is_about_its_methods(call, server):
    only_get = f"GET api.test:{server.server_port}"
    assert call("/echo", allow=only_get).status == "ok"
    for sent in ({"method": "POST"}, {"headers": {"X-HTTP-Method-Override": "post"}}):
        with pytest.raises(ToolFailure, match="POST is not allowed"):
            call("/echo", allow=only_get, **sent)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/", "egress_refused"),
        ("http://[::1]/", "egress_refused"),
        ("http://0x7f000001/", "egress_refused"),
        ("http://other.example/", "egress_refused"),
        ("http://api.test.evil.example/", "egress_refused"),
        ("http://api.test:99/", "egress_refused"),
        ("http://user:pw@api.test/", "invalid_arguments"),
        ("http://@api.test/", "invalid_arguments"),
        ("ftp://api.test/", "invalid_arguments"),
        ("file:///etc/passwd", "invalid_arguments"),
        ("http://api.test:99999/", "invalid_arguments"),
        ("http://[/", "invalid_arguments"),
        ("no url", "invalid_arguments"),
        ("http:///x", "egress_refused"),
    ],
)
def test_a_wrong_address_is_refused(call, url, code):
    with pytest.raises(ToolFailure) as refusal:
        call(url)
    assert refusal.value.code == code


def test_every_request_is_recorded_whether_it_left_or_not(call, server, rows):
    call("/flaky?code=503&times=1", method="PUT", body="abc")
    with pytest.raises(ToolFailure):
        call("/to?url=http://nobody.test/x")
    assert {row.via for row in rows} == {"http"}
    told = [(row.method, row.host, row.address, row.status, row.sent_bytes) for row in rows]
    assert told == [
        ("PUT", "api.test", "127.0.0.1", 503, 3),
        ("PUT", "api.test", "127.0.0.1", 200, 3),
        ("GET", "api.test", "127.0.0.1", 302, 0),
        ("GET", "nobody.test", "", None, 0),
    ]
    assert [row.received_bytes for row in rows] == [4, 7, 0, 0]
    assert [bool(row.refusal) for row in rows] == [False, False, False, True]
    assert rows[0].port == server.server_port


def test_a_request_without_an_answer_is_recorded_with_the_reason(call, rows):
    call("/slow", seconds=0.3)
    with pytest.raises(ToolFailure):
        call("/cut", retries=0)
    assert ["took too long" in rows[0].refusal, "early" in rows[1].refusal] == [True, True]
