"""The official anthropic SDK drives the provider, and its types accept what is said."""

import json
from typing import Any

import anthropic
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import BaseModel, TypeAdapter

from tests.provider import Provider
from tests.provider.raw import post
from tests.provider.samples import HELLO, REPORT, anthropic_rounds, anthropic_tool, message

EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
REQUESTS = {
    "text": message(),
    "truncated": message("tokens-200", max_tokens=20),
    "stopped": message(stop_sequences=["answer"]),
    "details of usage": message("reasoning-20-cached-3-cache-write-1"),
    "tool calls": message(tools=[anthropic_tool("one"), anthropic_tool("two")]),
    "after the tools": message(tools=[anthropic_tool()]) | {"messages": anthropic_rounds(1)},
    "JSON schema": message(output_config={"format": {"type": "json_schema", "schema": REPORT}}),
    "refusal": message("refusal"),
    "surrogates": message("surrogate-text"),
}
ERRORS = {
    "error-400": anthropic.BadRequestError,
    "error-400-context": anthropic.BadRequestError,
    "error-401": anthropic.AuthenticationError,
    "error-402": anthropic.APIStatusError,
    "error-403": anthropic.PermissionDeniedError,
    "error-404": anthropic.NotFoundError,
    "not-a-model": anthropic.NotFoundError,
    "error-429": anthropic.RateLimitError,
    "error-500": anthropic.InternalServerError,
    "error-503-html": anthropic.InternalServerError,
    "error-529": anthropic.InternalServerError,
    "reset-before-headers": anthropic.APIConnectionError,
    "lost-answer": anthropic.APIConnectionError,
}


@pytest.mark.parametrize("name", REQUESTS)
def test_message_has_the_type_that_the_sdk_declares(provider: Provider, name: str) -> None:
    reply = post(provider, "/v1/messages", REQUESTS[name])
    assert reply.status == 200
    Message.model_validate(reply.json)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_event_has_a_type_that_the_sdk_declares(provider: Provider, name: str) -> None:
    reply = post(provider, "/v1/messages", REQUESTS[name] | {"stream": True})
    events = [json.loads(event) for event in reply.events]
    for event in events:
        if event["type"] != "ping":
            EVENT.validate_python(event)
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")


@pytest.mark.parametrize("name", REQUESTS)
def test_stream_says_what_the_plain_answer_says(
    anthropic_client: anthropic.Anthropic, name: str
) -> None:
    plain = anthropic_client.messages.create(**REQUESTS[name])
    with anthropic_client.messages.stream(**REQUESTS[name]) as stream:
        final = stream.get_final_message()
    assert final.stop_reason == plain.stop_reason
    assert final.usage.output_tokens == plain.usage.output_tokens
    assert final.usage.cache_read_input_tokens == plain.usage.cache_read_input_tokens
    assert [_without_id(block) for block in final.content] == [
        _without_id(block) for block in plain.content
    ]


def test_cached_tokens_are_counted_beside_the_input(anthropic_client: anthropic.Anthropic) -> None:
    body = {"messages": [{"role": "user", "content": "x" * 400}], "max_tokens": 50}
    usage = anthropic_client.messages.create(model="cached-60-cache-write-4", **body).usage
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (60, 4)
    assert usage.input_tokens == 104 - 64


def test_tool_choice_is_obeyed(anthropic_client: anthropic.Anthropic) -> None:
    tools = [anthropic_tool("one"), anthropic_tool("two")]

    def names(choice: dict[str, Any], messages: Any = HELLO) -> list[str]:
        answer = anthropic_client.messages.create(
            model="ok", max_tokens=100, messages=messages, tools=tools, tool_choice=choice
        )
        return [block.name for block in answer.content if block.type == "tool_use"]

    assert names({"type": "auto"}) == ["one", "two"]
    assert names({"type": "auto", "disable_parallel_tool_use": True}) == ["one"]
    assert names({"type": "auto"}, anthropic_rounds(1)) == []
    assert names({"type": "any"}, anthropic_rounds(1)) == ["one", "two"]
    assert names({"type": "tool", "name": "two"}) == ["two"]
    assert names({"type": "none"}) == []


def test_an_agent_ends_after_its_turns(anthropic_client: anthropic.Anthropic) -> None:
    reasons = [
        anthropic_client.messages.create(
            model="agent-turns-3",
            max_tokens=100,
            messages=anthropic_rounds(done),
            tools=[anthropic_tool()],
        ).stop_reason
        for done in range(3)
    ]
    assert reasons == ["tool_use", "tool_use", "end_turn"]


def test_structured_output_parses(anthropic_client: anthropic.Anthropic) -> None:
    class Point(BaseModel):
        name: str
        x: int

    answer = anthropic_client.messages.parse(
        model="ok", max_tokens=100, messages=HELLO, output_format=Point
    )
    assert answer.parsed_output == Point(name="", x=0)


def test_count_tokens_agrees_with_usage_and_costs_nothing(
    provider: Provider, anthropic_client: anthropic.Anthropic
) -> None:
    asked = {"model": "ok-tag-counted", "messages": HELLO, "tools": [anthropic_tool()]}
    asked["system"] = "Be brief."
    counted = anthropic_client.messages.count_tokens(**asked)
    answer = anthropic_client.messages.create(max_tokens=100, **asked)
    assert counted.input_tokens == answer.usage.input_tokens
    assert len(provider.billed(model="ok-tag-counted")) == 1


@pytest.mark.parametrize("name", ERRORS)
def test_faults_are_the_errors_that_the_sdk_knows(
    anthropic_client: anthropic.Anthropic, name: str
) -> None:
    with pytest.raises(ERRORS[name]):
        anthropic_client.messages.create(model=name, max_tokens=10, messages=HELLO)


def test_error_event_breaks_the_stream(anthropic_client: anthropic.Anthropic) -> None:
    stream = anthropic_client.messages.create(
        model="stream-error", max_tokens=50, messages=HELLO, stream=True
    )
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        list(stream)


def test_models_are_listed(anthropic_client: anthropic.Anthropic) -> None:
    assert "claude-haiku-4-5" in {model.id for model in anthropic_client.models.list()}


def _without_id(block: Any) -> dict[str, Any]:
    return {key: value for key, value in block.model_dump().items() if key != "id"}
