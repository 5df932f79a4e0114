"""Calls of a real MCP server's tools."""

import subprocess
import sys
import threading

import pytest

from agentplatform.core.errors import NotFound
from apps.tools.runners.mcp.target import Server, ServerTool
from apps.tools.runners.secret import Binding, Secret
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.mcp.conftest import HOST
from tests.integration.tools.works import make_work

TOKEN = "s3cret-of-the-tenant"


@pytest.fixture
def call(server, make_egress, keep):
    """`call(name, version=..., **arguments)`: one call, without any rows."""

    def run(
        name, *, version="", timeout_seconds=20.0, stop=None, secret="", result=None, **arguments
    ):
        at = Server(url=f"http://{HOST}:{server.port}/mcp", version=version, secret=secret)
        work = make_work(
            arguments,
            timeout_seconds=timeout_seconds,
            stop=stop,
            egress=make_egress(server.port),
            find_secret=find_secret(server.port),
        )
        return keep(ServerTool(server=at, name=name, result=result).run(work))

    return run


def find_secret(port):
    places = {"ours": f"http://{HOST}:{port}", "theirs": f"http://other.test:{port}"}

    def find(name):
        if name not in places:
            raise NotFound(f"There is no secret {name!r} for tools.")
        return Secret(
            name=name, value=TOKEN, sent_as="bearer", bindings=(Binding.parse(places[name]),)
        )

    return find


@pytest.mark.parametrize("version", ["", "2025-06-18", "2025-11-25", "2026-07-28"])
def test_a_call_gives_the_structured_result_in_every_version_of_the_protocol(call, version):
    ran = call("add", version=version, a=40, b=2)
    assert (ran.status, ran.value, ran.backend) == ("ok", {"total": 42}, "mcp")


def test_pictures_become_files_and_texts_the_value(call):
    ran = call("draw")
    (file,) = ran.files
    assert ran.value == "A dot."
    assert (file.name, file.content.read()[:4]) == ("image-2.png", b"\x89PNG")


def test_an_error_of_the_tool_is_told(call):
    ran = call("fail")
    assert ran.status == "error"
    assert "the moon is full" in ran.detail


def test_a_tool_that_is_gone_is_told(call):
    ran = call("gone")
    assert (ran.status, ran.detail) == ("error", "Unknown tool: gone")


def test_a_call_ends_at_its_time(call):
    assert call("wait", seconds=5, timeout_seconds=0.7).status == "timeout"


def test_a_call_that_is_stopped_ends(call, server):
    stop = threading.Event()

    def stop_once_called():
        while not server.calls:
            stop.wait(0.01)
        stop.set()

    watcher = threading.Thread(target=stop_once_called)
    watcher.start()
    assert call("wait", seconds=5, stop=stop).status == "killed"
    watcher.join()


def test_more_text_than_a_call_may_give_is_cut(call):
    ran = call("large", bytes=1_500_000)
    assert ran.status == "output_exceeded"
    assert len(ran.value) == 1024 * 1024


def test_a_structured_result_that_breaks_its_schema_is_refused(call):
    with pytest.raises(ToolFailure) as failure:
        call("add", result={"properties": {"total": {"type": "string"}}}, a=1, b=1)
    assert failure.value.code == "invalid_result"
    assert "result.total: 2 is not of type 'string'" in failure.value.detail


def test_the_secret_goes_to_the_server_and_does_not_come_back(call, server):
    ran = call("say", secret="ours", text=f"the token is {TOKEN}!")
    assert {headers.get("authorization") for headers in server.headers} == {f"Bearer {TOKEN}"}
    assert ran.status == "ok"
    assert TOKEN not in str(ran.value)


@pytest.mark.parametrize("secret", ["theirs", "none"])
def test_a_secret_that_is_not_bound_to_the_server_is_not_sent(call, server, secret):
    with pytest.raises(ToolFailure) as failure:
        call("say", secret=secret, text="hello")
    assert failure.value.code == "secret_refused"
    assert server.headers == []


def test_every_request_is_recorded(call, server, requests):
    call("say", text="hello")
    assert {request.via for request in requests} == {"mcp"}
    assert {request.host for request in requests} == {HOST}
    assert {request.address for request in requests} == {"127.0.0.1"}
    assert len(requests) == len(server.headers)
    assert all(request.status == 200 for request in requests if request.method == "POST")
    assert sum(request.received_bytes for request in requests) > 100


def test_the_sdk_is_not_imported_before_a_call_needs_it():
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'agentplatform.settings.test'\n"
        "import django; django.setup()\n"
        "import apps.tools.tasks\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'mcp', 'mcp_types', 'starlette'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().endswith("[]"), done.stderr
