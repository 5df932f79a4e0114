"""Which tools a request lets a model call, at both endpoints of OpenAI's."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.gateway.contracts import CompletionRequest
from apps.gateway.doors.body import Bounds
from apps.gateway.doors.chat_request import read_chat
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.response_request import read_response

BOUNDS = Bounds(image_bytes=1000, passes_unknown=False)
Ask = Callable[..., CompletionRequest]


def chat(mode: str, *names: str) -> CompletionRequest:
    named = [{"type": "function", "function": {"name": name}} for name in ("a", "b", "c")]
    allowed = {"mode": mode, "tools": [one for one in named if one["function"]["name"] in names]}  # type: ignore[index]
    body: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": named[:2],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed},
    }
    return read_chat(json.dumps(body).encode(), bounds=BOUNDS).request


def responses(mode: str, *names: str) -> CompletionRequest:
    named = [{"type": "function", "name": name} for name in names]
    body: dict[str, Any] = {
        "model": "m",
        "input": "Hi",
        "tools": [{"type": "function", "name": name, "parameters": {}} for name in ("a", "b")],
        "tool_choice": {"type": "allowed_tools", "mode": mode, "tools": named},
    }
    wish = read_response(json.dumps(body).encode(), bounds=BOUNDS)
    assert [tool["name"] for tool in wish.told["tools"]] == ["a", "b"]
    return wish.request


BOTH = pytest.mark.parametrize("ask", [chat, responses])


@BOTH
@pytest.mark.parametrize("mode", ["auto", "required"])
def test_only_the_tools_that_are_allowed_are_offered(ask: Ask, mode: str) -> None:
    request = ask(mode, "b")
    assert [tool.name for tool in request.tools] == ["b"]
    assert (request.tool_choice, request.tool_name) == (mode, None)


@BOTH
@pytest.mark.parametrize(
    ("mode", "names", "message"),
    [
        ("auto", (), "name at least one tool"),
        ("auto", ("c",), "there is no tool 'c'"),
        ("none", ("a",), "'none' is none of 'auto', 'required'"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    ask: Ask, mode: str, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Refusal, match=message):
        ask(mode, *names)
