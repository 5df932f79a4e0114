"""What POST /v1/responses takes, how it reaches the pipeline, and in which words it refuses."""

import json
from typing import Any

import pytest

from apps.gateway.doors.body import Bounds
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.response_request import ResponseWish, read_response
from tests.provider.contract import request_parameters

STRICT = Bounds(image_bytes=1000, passes_unknown=False)
IMAGE = "data:image/png;base64,iVBORw0KGgo="
TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": None}
CALL = {
    "type": "function_call",
    "call_id": "c1",
    "name": "weather",
    "arguments": '{"city": "Rome"}',
}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "sunny"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def wish(**change: Any) -> ResponseWish:
    body = {"model": "m", "input": "Hello."} | change
    return read_response(json.dumps(body).encode(), bounds=STRICT)


def said(*items: Any, **change: Any) -> list[dict[str, Any]]:
    messages = wish(input=list(items), **change).request.messages
    return [one.model_dump(exclude_defaults=True) for one in messages]


def test_instructions_and_a_text_are_two_messages() -> None:
    messages = wish(instructions="Be brief.").request.messages
    assert [(one.role, one.content) for one in messages] == [
        ("system", "Be brief."),
        ("user", "Hello."),
    ]


def test_what_a_model_said_and_called_is_one_message() -> None:
    answer = {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Wait.", "annotations": [], "logprobs": []}],
    }
    use = {"id": "c1", "name": "weather", "arguments": {"city": "Rome"}}
    talk = said(
        {"role": "user", "content": "Rome?"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        answer,
        CALL | {"id": "fc_1", "status": "completed", "parsed_arguments": None},
        CALL | {"call_id": "c2"},
        OUTPUT,
        OUTPUT | {"call_id": "c2", "output": [{"type": "input_text", "text": "rain"}]},
        answer,
    )
    assert talk == [
        {"role": "user", "content": "Rome?"},
        {"role": "assistant", "content": "Wait.", "tool_calls": (use, use | {"id": "c2"})},
        {"role": "tool", "content": "sunny", "tool_call_id": "c1"},
        {"role": "tool", "content": "rain", "tool_call_id": "c2"},
        {"role": "assistant", "content": "Wait."},
    ]


def test_what_was_said_after_a_call_stays_before_its_result() -> None:
    talk = said(CALL, {"role": "assistant", "content": "Wait."}, OUTPUT)
    assert [one["role"] for one in talk] == ["assistant", "tool"]
    assert talk[0]["content"] == "Wait."


def test_images_stay_where_they_are() -> None:
    content = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": IMAGE, "detail": "original"},
    ]
    (message,) = said({"type": "message", "role": "user", "content": content})
    assert message["parts"] == (
        {"text": "What is it?"},
        {"image_url": IMAGE, "detail": "high"},
    )


def test_wishes_are_said_in_the_words_of_chat() -> None:
    format_ = {"type": "json_schema", "name": "x", "schema": SCHEMA, "strict": True}
    request = wish(
        tools=[TOOL],
        tool_choice={"type": "function", "name": "weather"},
        parallel_tool_calls=False,
        text={"format": format_, "verbosity": "low"},
        reasoning={"effort": "low", "summary": "auto"},
        include=["message.output_text.logprobs", "reasoning.encrypted_content"],
        top_logprobs=2,
        max_output_tokens=33,
        temperature=0.5,
        top_p=0.9,
        user="u1",
        metadata={"k": "v"},
        store=False,
        background=False,
        truncation="disabled",
    ).request
    assert (request.tool_choice, request.tool_name) == ("required", "weather")
    assert (request.max_tokens, request.temperature) == (33, 0.5)
    assert request.response_schema == SCHEMA
    assert request.options == {
        "parallel_tool_calls": False,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": SCHEMA, "strict": True},
        },
        "verbosity": "low",
        "reasoning_effort": "low",
        "logprobs": True,
        "top_logprobs": 2,
        "top_p": 0.9,
        "user": "u1",
    }


def test_without_tools_nothing_is_said_of_how_to_call_them() -> None:
    request = wish(parallel_tool_calls=True, tool_choice="auto", tools=[]).request
    assert (request.options, request.tools) == ({}, ())


def test_json_of_any_form_is_asked_for_as_in_chat() -> None:
    request = wish(text={"format": {"type": "json_object"}}).request
    assert request.options == {"response_format": {"type": "json_object"}}
    assert wish(text={"format": {"type": "text"}}).request.options == {}


def test_every_parameter_of_openais_is_known_by_name() -> None:
    unknown = []
    for name in request_parameters("/responses") - {"model", "input"}:
        try:
            wish(**{name: None})
        except Refusal as refusal:
            unknown.append((name, refusal.message))
    assert unknown == []


SENT: dict[str, dict[str, Any]] = {
    "the Agents SDK": {
        "include": [],
        "input": [{"content": "Rome?", "role": "user"}, CALL, OUTPUT],
        "instructions": "Be brief.",
        "tools": [TOOL | {"strict": True, "description": "The weather of a city."}],
    },
    "LangChain": {
        "stream": False,
        "input": [
            {"content": "Be brief.", "role": "system", "type": "message"},
            {"content": "Rome?", "role": "user", "type": "message"},
            CALL | {"id": "fc_1", "status": "completed"},
            OUTPUT,
        ],
        "tools": [TOOL | {"description": "The weather."}],
    },
}


@pytest.mark.parametrize("client", SENT)
def test_what_frameworks_send_in_the_midst_of_a_talk_is_understood(client: str) -> None:
    request = wish(**SENT[client]).request
    assert [one.role for one in request.messages] == ["system", "user", "assistant", "tool"]
    assert [tool.name for tool in request.tools] == ["weather"]
    assert (request.tool_choice, request.options) == ("auto", {})


def user(*parts: Any) -> dict[str, Any]:
    return {"input": [{"role": "user", "content": list(parts)}]}


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no model": ({"model": None}, "model", "Missing required parameter"),
    "no input": ({"input": None}, "input", "Missing required parameter"),
    "empty input": ({"input": []}, "input", "at least one item"),
    "thoughts alone": (
        {"input": [{"type": "reasoning", "id": "r", "summary": []}]}, "input", "no message",
    ),
    "input of another type": ({"input": 5}, "input", "a string or an array"),
    "an item of another type": ({"input": ["Hi"]}, "input[0]", "expected an object"),
    "an item of an unknown type": (
        {"input": [{"type": "computer_call", "action": {}}]},
        "input[0].type",
        "'computer_call' is none of",
    ),
    "a stored item": (
        {"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type", "send the item itself",
    ),
    "unknown role": ({"input": [{"role": "bot", "content": ""}]}, "input[0].role", "'bot' is none"),
    "no content": ({"input": [{"role": "user"}]}, "input[0].content", "Missing required"),
    "unknown field of an item": (
        {"input": [{"role": "user", "content": "Hi", "mood": 1}]}, "input[0].mood", "Unknown",
    ),
    "a part of chat": (
        user({"type": "text", "text": "Hi"}), "input[0].content[0].type", "'text' is none of",
    ),
    "a file": (
        user({"type": "input_file", "file_id": "x"}),
        "input[0].content[0].file_id",
        "send 'file_data'",
    ),
    "a stored image": (
        user({"type": "input_image", "file_id": "x"}),
        "input[0].content[0].file_id",
        "send 'image_url'",
    ),
    "a plain http image": (
        user({"type": "input_image", "image_url": "http://a/b.png"}),
        "input[0].content[0].image_url",
        "https",
    ),
    "an image too large": (
        user({"type": "input_image", "image_url": "data:image/png;base64," + "A" * 1000}),
        "input[0].content[0].image_url",
        "send a smaller image",
    ),
    "a result without its call": ({"input": [OUTPUT]}, "input[0].call_id", "whole conversation"),
    "arguments that are no text": (
        {"input": [CALL | {"arguments": {}}]}, "input[0].arguments", "expected a string",
    ),
    "a tool of OpenAI's": (
        {"tools": [{"type": "web_search"}]}, "tools[0].type", "the gateway has no 'web_search'",
    ),
    "a tool without a name": ({"tools": [{"type": "function"}]}, "tools[0].name", "Missing"),
    "a tool with a schema that is none": (
        {"tools": [TOOL | {"parameters": {"type": "thing"}}]},
        "tools[0].parameters",
        "no JSON schema",
    ),
    "a choice that is not there": (
        {"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}},
        "tool_choice.name",
        "there is no tool 'x'",
    ),
    "a choice of many": (
        {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": []}},
        "tool_choice.tools",
        "name at least one tool",
    ),
    "a call that must be and cannot": ({"tool_choice": "required"}, "tool_choice", "with 'tools'"),
    "unknown form": ({"text": {"format": {"type": "xml"}}}, "text.format.type", "'xml' is none"),
    "unknown effort": ({"reasoning": {"effort": "much"}}, "reasoning.effort", "'much' is none"),
    "stored": ({"store": True}, "store", "nothing is stored"),
    "in the background": ({"background": True}, "background", "ask for a stream"),
    "a response before": ({"previous_response_id": "r"}, "previous_response_id", "as 'input'"),
    "a conversation": ({"conversation": "c"}, "conversation", "as 'input'"),
    "a prompt": ({"prompt": {"id": "p"}}, "prompt", "'instructions' and 'input'"),
    "truncation": ({"truncation": "auto"}, "truncation", "shorten 'input'"),
    "negative bound": ({"max_output_tokens": -1}, "max_output_tokens", "-1 is less than 1"),
    "unknown parameter": ({"top_k": 3}, "top_k", "Unknown parameter: 'top_k'"),
    "stop sequences": ({"stop": "x"}, "stop", "Unknown parameter: 'stop'"),
    "stream of another type": ({"stream": 1}, "stream", "expected a boolean"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_refused_with_the_parameter_and_what_to_change(name: str) -> None:
    change, param, message = WRONG[name]
    with pytest.raises(Refusal) as refused:
        wish(**change)
    assert refused.value.param == param
    assert message in refused.value.message
    assert refused.value.meaning.status == 400
