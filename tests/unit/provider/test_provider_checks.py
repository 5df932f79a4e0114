"""Requests that the originals refuse are refused, in the originals' words."""

from typing import Any

import pytest

from tests.provider import Provider
from tests.provider.raw import HEADERS, post
from tests.provider.samples import (
    HELLO,
    WEATHER,
    anthropic_rounds,
    anthropic_tool,
    chat,
    message,
    openai_rounds,
    openai_tool,
)

LOOSE = {"type": "object", "properties": {"a": {"type": "integer"}}}
CLOSED = {**LOOSE, "additionalProperties": False, "required": ["a"]}


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "r", "schema": schema, "strict": True}}


def output_config(schema: dict[str, Any]) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "schema": schema}}


def openai_call(call_id: str, name: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


OPENAI: dict[str, tuple[dict[str, Any], str]] = {
    "model missing": ({"messages": HELLO}, "must provide a model"),
    "messages missing": ({"model": "ok"}, "'messages'"),
    "messages empty": (chat() | {"messages": []}, "empty array"),
    "role unknown": (chat() | {"messages": [{"role": "robot", "content": "x"}]}, "'robot'"),
    "content missing": (chat() | {"messages": [{"role": "user"}]}, "'content'"),
    "result without call": (
        chat() | {"messages": [*HELLO, {"role": "tool", "tool_call_id": "a", "content": "x"}]},
        "must be a response to a preceeding message",
    ),
    "call without result": (
        chat() | {"messages": [*openai_rounds(1)[:2], *HELLO]},
        "must be followed by tool messages",
    ),
    "call with a long id": (
        chat() | {"messages": [{"role": "assistant", "tool_calls": [openai_call("x" * 41, "a")]}]},
        "maximum length 40",
    ),
    "call with a strange name": (
        chat() | {"messages": [{"role": "assistant", "tool_calls": [openai_call("x", "a b")]}]},
        "function.name",
    ),
    "unknown parameter": (chat(max_token=3), "max_token"),
    "temperature": (chat(temperature=3), "temperature"),
    "two limits": (chat(max_tokens=1, max_completion_tokens=1), "at the same time"),
    "max_tokens of a reasoning model": (chat("o4-mini", max_tokens=1), "max_completion_tokens"),
    "usage without stream": (chat(stream_options={"include_usage": True}), "stream_options"),
    "choice without tools": (chat(tool_choice="auto"), "only allowed when 'tools'"),
    "tools empty": (chat(tools=[]), "empty array"),
    "tool name": (chat(tools=[openai_tool("no spaces")]), "pattern"),
    "choice of an unknown tool": (
        chat(
            tools=[openai_tool()], tool_choice={"type": "function", "function": {"name": "other"}}
        ),
        "no function named 'other'",
    ),
    "strict schema is open": (chat(response_format=json_schema(LOOSE)), "additionalProperties"),
    "strict schema with an optional property": (
        chat(response_format=json_schema(WEATHER)),
        "Missing 'days'",
    ),
    "JSON unasked": (chat(response_format={"type": "json_object"}), "the word 'json'"),
    "window": (chat("window-3"), "maximum context length"),
}
ANTHROPIC: dict[str, tuple[dict[str, Any], str]] = {
    "model missing": ({"messages": HELLO, "max_tokens": 5}, "model"),
    "max_tokens missing": (chat(), "max_tokens: Field required"),
    "messages missing": ({"model": "ok", "max_tokens": 5}, "messages: Field required"),
    "system as a role": (
        message() | {"messages": [{"role": "system", "content": "x"}]},
        "'user' or 'assistant'",
    ),
    "assistant first": (
        message() | {"messages": [{"role": "assistant", "content": "x"}]},
        "first message",
    ),
    "empty content": (message() | {"messages": [{"role": "user", "content": ""}]}, "non-empty"),
    "blank text": (
        message() | {"messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]},
        "non-whitespace",
    ),
    "result without use": (
        message()
        | {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}],
                }
            ]
        },
        "unexpected `tool_use_id`",
    ),
    "use without result": (
        message() | {"messages": [*anthropic_rounds(1)[:2], *HELLO]},
        "without `tool_result` blocks",
    ),
    "use with a strange id": (
        message()
        | {
            "messages": [
                *HELLO,
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a:b", "name": "weather", "input": {}}],
                },
            ]
        },
        "tool_use.id",
    ),
    "unknown parameter": (message(n=2), "Extra inputs"),
    "temperature": (message(temperature=1.0), "temperature: Extra inputs are not permitted"),
    "top_p": (message(top_p=1), "top_p: Extra inputs"),
    "choice without tools": (message(tool_choice={"type": "any"}), "providing tools"),
    "tool without schema": (message(tools=[{"name": "a"}]), "input_schema"),
    "choice of an unknown tool": (
        message(tools=[anthropic_tool()], tool_choice={"type": "tool", "name": "other"}),
        "'other' not found",
    ),
    "output schema is open": (message(output_config=output_config(LOOSE)), "additionalProperties"),
    "output schema with a bound": (
        message(
            output_config=output_config(
                CLOSED | {"properties": {"a": {"type": "integer", "minimum": 1}}}
            )
        ),
        "'minimum' is not supported",
    ),
    "window": (message("window-3"), "prompt is too long"),
}


@pytest.mark.parametrize("name", OPENAI)
def test_openai_refuses(provider: Provider, name: str) -> None:
    body, words = OPENAI[name]
    reply = post(provider, "/v1/chat/completions", body)
    assert reply.status == 400
    assert words in reply.json["error"]["message"]


@pytest.mark.parametrize("name", ANTHROPIC)
def test_anthropic_refuses(provider: Provider, name: str) -> None:
    body, words = ANTHROPIC[name]
    reply = post(provider, "/v1/messages", body)
    assert reply.status == 400
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert words in reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/chat/completions", chat()), ("/v1/messages", message())]
)
@pytest.mark.parametrize("missing", ["keys", "version"])
def test_headers_are_asked_for(
    provider: Provider, path: str, body: dict[str, Any], missing: str
) -> None:
    headers = {} if missing == "keys" else dict(HEADERS, **{"anthropic-version": ""})
    status = post(provider, path, body, headers=headers).status
    assert status == {"keys": 401, "version": 200 if "chat" in path else 400}[missing]


def test_the_older_api_version_knows_temperature(provider: Provider) -> None:
    older = {**HEADERS, "anthropic-version": "2023-06-01"}
    for temperature, status in ((0.5, 200), (1.5, 400)):
        body = message(temperature=temperature)
        assert post(provider, "/v1/messages", body, headers=older).status == status


def test_a_schema_that_accepts_nothing_is_refused(provider: Provider) -> None:
    schema = {"type": "object", "properties": {"a": False}, "required": ["a"]}
    body = message(output_config=output_config(schema | {"additionalProperties": False}))
    assert post(provider, "/v1/messages", body).status == 400


def test_a_local_server_ignores_what_it_does_not_know(provider: Provider) -> None:
    body = chat("smollm2-135m-instruct", cache_prompt=True, response_format=json_schema(LOOSE))
    assert post(provider, "/v1/chat/completions", body).status == 200


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b'{"model": 1}', b"[" * 100_000])
def test_bytes_that_are_no_request_are_refused(provider: Provider, raw: bytes) -> None:
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/embeddings", "/v1/responses"):
        assert post(provider, path, raw).status == 400
