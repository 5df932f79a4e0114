"""MCP servers that do not behave."""

import pytest

from apps.tools.runners.mcp.listing import MAX_TOOLS, list_tools
from apps.tools.runners.mcp.target import Server, ServerTool
from apps.tools.runners.work import ToolFailure
from tests.integration.tools.mcp.conftest import HOST
from tests.integration.tools.mcp.hostile_server import running_hostile_server, tool
from tests.integration.tools.works import make_work


@pytest.fixture(scope="module")
def hostile():
    with running_hostile_server() as server:
        yield server


@pytest.fixture
def listing(hostile, make_egress):
    def run(path, seconds=5.0, tools=()):
        hostile.tools = list(tools)
        at = Server(url=f"http://{HOST}:{hostile.server_port}/{path}")
        return list_tools(
            at, name="bad", egress=make_egress(hostile.server_port), secret=None, seconds=seconds
        )

    return run


@pytest.fixture
def call(hostile, make_egress):
    def run(path, *, is_repeatable=True, seconds=5.0):
        at = Server(url=f"http://{HOST}:{hostile.server_port}/{path}", version="2025-06-18")
        work = make_work({}, timeout_seconds=seconds, egress=make_egress(hostile.server_port))
        return ServerTool(server=at, name="t", is_repeatable=is_repeatable).run(work)

    return run


BAD_ANSWERS = [
    ("huge", "answer_too_large"),
    ("flood", "answer_too_large"),
    ("malformed", "mcp_failed"),
    ("other-json", "mcp_failed"),
    ("html", "mcp_failed"),
    ("no-result", "mcp_failed"),
    ("hang-up", "unreachable"),
    ("unauthorized", "mcp_refused"),
    ("broken", "mcp_failed"),
    ("bomb", "mcp_failed"),
    ("refuse", "mcp_refused"),
]


@pytest.mark.parametrize(("path", "code"), BAD_ANSWERS)
def test_a_bad_answer_to_a_listing_is_told(listing, path, code):
    with pytest.raises(ToolFailure) as failure:
        listing(path)
    assert failure.value.code == code, failure.value.detail
    assert "validation error" not in failure.value.detail


@pytest.mark.parametrize(("path", "code"), BAD_ANSWERS)
def test_a_bad_answer_to_a_call_is_told(call, path, code):
    with pytest.raises(ToolFailure) as failure:
        call(path)
    assert failure.value.code == code, failure.value.detail


@pytest.mark.parametrize("path", ["hang-up", "broken", "malformed"])
def test_a_call_that_may_not_be_repeated_and_got_no_answer_is_unknown(call, path):
    with pytest.raises(ToolFailure) as failure:
        call(path, is_repeatable=False)
    assert (failure.value.code, failure.value.is_retryable) == ("outcome_unknown", False)


@pytest.mark.parametrize("path", ["endless", "silent"])
def test_a_server_that_never_comes_to_an_end_is_left_in_time(call, listing, path):
    assert call(path, seconds=0.6).status == "timeout"
    with pytest.raises(ToolFailure) as failure:
        listing(path, seconds=0.6)
    assert failure.value.code == "timeout"


@pytest.mark.parametrize("path", ["metadata", "address"])
def test_a_redirect_to_another_place_is_not_followed(call, requests, path):
    with pytest.raises(ToolFailure) as failure:
        call(path)
    assert failure.value.code in {"mcp_refused", "mcp_failed"}
    assert {request.host for request in requests} == {HOST}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://metadata.test:{port}/tools", "egress_refused"),
        ("http://127.0.0.1:{port}/tools", "egress_refused"),
        ("http://unlisted.test:{port}/tools", "egress_refused"),
    ],
)
def test_a_place_that_is_not_allowed_is_not_reached(hostile, make_egress, requests, url, code):
    hostile.asked.clear()
    port = hostile.server_port
    with pytest.raises(ToolFailure) as failure:
        list_tools(
            Server(url=url.format(port=port)),
            name="bad",
            egress=make_egress(port),
            secret=None,
            seconds=5,
        )
    assert failure.value.code == code
    assert hostile.asked == []
    assert [bool(request.refusal) for request in requests] == [True]


def test_a_server_that_does_not_listen_is_unreachable(hostile, make_egress):
    with pytest.raises(ToolFailure) as failure:
        list_tools(
            Server(url=f"http://{HOST}:1/tools"),
            name="bad",
            egress=make_egress(1),
            secret=None,
            seconds=5,
        )
    assert (failure.value.code, failure.value.is_retryable) == ("unreachable", True)


def test_tools_that_cannot_be_used_are_left_out_by_name(listing):
    found = listing(
        "tools",
        tools=[
            tool("good", description="\x00fine"),
            tool("two words"),
            tool("two_words"),
            tool("pattern", {"type": "object", "patternProperties": {"(a+)+$": {}}}),
            tool("away", {"type": "object", "$ref": "http://169.254.169.254/"}),
            tool("odd", {"type": "object", "properties": {"a": {"type": 7}}}),
            tool(""),
            tool("fat", {"type": "object", "description": "x" * 70_000}),
        ],
    )
    assert [one.called for one in found.tools] == ["bad__good", "bad__two_words"]
    assert found.tools[0].description == "fine"
    told = [line.partition(":")[0] for line in found.left_out]
    assert told == ["two_words", "pattern", "away", "odd", "", "fat"]


def test_a_listing_that_breaks_the_protocol_is_refused_by_place(listing):
    with pytest.raises(ToolFailure) as failure:
        listing("tools", tools=[tool("good"), tool("bad", {"type": "array"})])
    assert failure.value.code == "mcp_failed"
    assert "tools.1.inputSchema.type: Input should be 'object'" in failure.value.detail


def test_more_tools_than_are_taken_are_left_out(listing):
    found = listing("pages")
    assert len(found.tools) == MAX_TOOLS
    assert "only 128 tools are taken" in found.left_out[0]


def test_a_list_whose_pages_do_not_end_is_told(listing):
    (cut,) = listing("empty-pages").left_out
    assert "after 20 pages" in cut


def test_a_structured_result_that_was_promised_and_not_given_is_told(hostile, make_egress):
    at = Server(url=f"http://{HOST}:{hostile.server_port}/unstructured")
    promised = ServerTool(server=at, name="sum", result={"type": "object"})
    with pytest.raises(ToolFailure, match="promises a structured result") as failure:
        promised.run(make_work({}, timeout_seconds=10, egress=make_egress(hostile.server_port)))
    assert failure.value.code == "invalid_result"


def test_only_what_the_server_calls_harmless_may_be_repeated(listing):
    found = listing(
        "tools",
        tools=[
            tool("read", annotations={"readOnlyHint": True}),
            tool("set", annotations={"idempotentHint": True}),
            tool("pay", annotations={"readOnlyHint": False}),
            tool("send"),
        ],
    )
    assert [one.is_repeatable for one in found.tools] == [True, True, False, False]
