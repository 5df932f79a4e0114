"""The http tool against a real server; only the rule for addresses is replaced."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.tools.egress.network import Network
from apps.tools.egress.rules import parse_rules
from apps.tools.egress.session import Egress
from apps.tools.runners.http.tool import run_http
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.works import make_work


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        getattr(self, "at_" + self.path.split("?")[0].strip("/").replace("-", "_"))()

    do_POST = do_GET  # noqa: N815

    def answer(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def at_echo(self):
        length = int(self.headers.get("Content-Length", 0))
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        self.answer(body=json.dumps(seen).encode(), Content_Type="application/json")

    def at_teapot(self):
        self.answer(418, b"short and stout", Content_Type="text/plain")

    def at_binary(self):
        self.answer(body=b"\x89PNG\xff", Content_Type="image/png")

    def at_large(self):
        self.answer(body=b"x" * (2 << 20))

    def at_loop(self):
        self.answer(302, Location="/loop")

    def at_home(self):
        self.answer(302, Location="/echo")

    def at_away(self):
        self.answer(307, Location=f"http://other.test:{self.server.server_port}/echo")

    def at_private(self):
        self.answer(302, Location="http://169.254.169.254/latest/meta-data")

    def at_slow(self):
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.stopping.wait(0.05):
                self.wfile.write(b"x")
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.stopping = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.stopping.set()
    server.shutdown()
    thread.join()
    server.server_close()


LOCAL = Network(resolver=lambda host, port: ["127.0.0.1"], is_allowed=lambda address: True)


def call(url, *, network=LOCAL, seconds=5.0, stop=None, **arguments):
    egress = Egress(rules=parse_rules("api.test,other.test"), network=network)
    work = make_work({"url": url, **arguments}, timeout_seconds=seconds, egress=egress, stop=stop)
    return run_http(work)


def test_json_goes_out_and_comes_back_decoded(port):
    ran = call(f"http://api.test:{port}/echo?q=ä b", method="POST", json={"a": 1})
    seen = ran.value["body"]
    assert ran.status == "ok"
    assert ran.value["status"] == 200
    assert (seen["method"], seen["body"]) == ("POST", '{"a": 1}')
    assert seen["path"] == "/echo?q=%C3%A4%20b"
    assert seen["headers"]["host"] == f"api.test:{port}"
    assert seen["headers"]["content-type"] == "application/json"


def test_any_http_status_is_a_result(port):
    ran = call(f"http://api.test:{port}/teapot")
    assert (ran.status, ran.value["status"], ran.value["body"]) == ("ok", 418, "short and stout")


def test_a_binary_body_becomes_a_file(port):
    ran = call(f"http://api.test:{port}/binary")
    assert ran.value["body"] is None
    assert [(file.name, file.content.read()) for file in ran.files] == [("binary", b"\x89PNG\xff")]


def test_a_large_body_is_cut_and_said_so(port):
    ran = call(f"http://api.test:{port}/large")
    assert ran.status == "output_exceeded"
    assert len(ran.value["body"]) == 1 << 20


def test_a_body_that_drips_for_ever_times_out(port):
    ran = call(f"http://api.test:{port}/slow", seconds=0.5)
    assert ran.status == "timeout"


def test_a_stopped_call_ends_soon(port):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert call(f"http://api.test:{port}/slow", seconds=30, stop=stop).status == "killed"


def test_redirects_are_followed_up_to_three(port):
    assert call(f"http://api.test:{port}/home").value["body"]["path"] == "/echo"
    with pytest.raises(ToolFailure, match="More than 3 redirects"):
        call(f"http://api.test:{port}/loop")


def test_a_redirect_is_checked_like_the_first_address(port):
    with pytest.raises(ToolFailure) as refusal:
        call(f"http://api.test:{port}/private")
    assert refusal.value.code == "egress_refused"


def test_secrets_do_not_follow_a_redirect_to_another_host(port):
    ran = call(
        f"http://api.test:{port}/away",
        method="POST",
        body="x",
        headers={"Authorization": "Bearer s", "X-Other": "1"},
    )
    seen = ran.value["body"]
    assert (seen["method"], seen["body"]) == ("POST", "x")
    assert "authorization" not in seen["headers"]
    assert seen["headers"]["x-other"] == "1"


def test_a_name_that_resolves_to_a_private_address_is_refused():
    for answers in (["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], []):
        network = Network(resolver=lambda host, port, answers=answers: answers)
        with pytest.raises(ToolFailure) as refusal:
            call("http://api.test/", network=network)
        assert refusal.value.code == "egress_refused"


def test_the_vetted_address_is_dialled_though_the_name_changes(port):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    network = Network(resolver=lambda host, port: next(answers), is_allowed=lambda _: True)
    assert call(f"http://api.test:{port}/teapot", network=network).value["status"] == 418
    assert next(answers) == ["10.0.0.1"]


def test_an_unknown_name_and_a_closed_port_may_be_retried():
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(ToolFailure) as failure:
        call("http://api.test/", network=Network(resolver=unknown))
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", True)
    with pytest.raises(ToolFailure) as failure:
        call("http://api.test:1/")
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", True)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/", "egress_refused"),
        ("http://[::1]/", "egress_refused"),
        ("http://other.example/", "egress_refused"),
        ("http://api.test.evil.example/", "egress_refused"),
        ("http://user:pw@api.test/", "invalid_arguments"),
        ("ftp://api.test/", "invalid_arguments"),
        ("file:///etc/passwd", "invalid_arguments"),
        ("http://api.test:99999/", "invalid_arguments"),
        ("http://[/", "invalid_arguments"),
        ("no url", "invalid_arguments"),
        ("http:///x", "egress_refused"),
    ],
)
def test_a_wrong_address_is_refused(url, code):
    with pytest.raises(ToolFailure) as refusal:
        call(url)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "arguments",
    [
        {"headers": {"Host": "evil"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X": "ж"}},
        {"headers": {"bad name": "x"}},
        {"json": 1, "body": "x"},
    ],
)
def test_wrong_headers_and_bodies_are_refused(port, arguments):
    with pytest.raises(ToolFailure) as refusal:
        call(f"http://api.test:{port}/echo", **arguments)
    assert refusal.value.code == "invalid_arguments"
