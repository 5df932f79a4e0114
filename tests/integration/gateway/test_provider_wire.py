"""What goes out is what the providers take, what comes back is the same from each of them."""

import json
from typing import Any

import pytest

from apps.gateway.contracts import CompletionRequest, Message, ToolUse
from tests.integration.gateway.provider_calls import (
    FORECAST,
    HELLO,
    WEATHER,
    ask,
    call,
    make,
    rounds,
)
from tests.provider import Provider
from tests.provider.instances import make_instance

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])
SYSTEM = Message(role="system", content="Be brief.")
NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 3, "maxLength": 80},
        "score": {"type": "number", "minimum": 1, "maximum": 5},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 4},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["title", "score", "tags", "note", "parts"],
    "additionalProperties": False,
}
SCHEMAS: dict[str, dict[str, Any]] = {
    "closed": {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    },
    "open": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    "optional": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}},
    "no properties": {"type": "object"},
    "array": {"type": "array", "items": {"type": "integer"}},
    "string": {"type": "string", "enum": ["yes", "no"]},
    "union": {"anyOf": [{"type": "object", "properties": {}}, {"type": "null"}]},
    "one of": {
        "type": "object",
        "properties": {"a": {"oneOf": [{"type": "integer"}, {"type": "string"}]}},
        "required": ["a"],
        "additionalProperties": False,
    },
    "all of": {
        "type": "object",
        "properties": {"a": {"allOf": [{"type": "integer"}]}},
        "required": ["a"],
        "additionalProperties": False,
    },
    "reference": {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "required": ["a"],
        "additionalProperties": False,
        "$defs": {"a": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    },
}
CONVERSATIONS: dict[str, CompletionRequest] = {
    "system and user": ask(SYSTEM, *HELLO),
    "system alone": ask(SYSTEM),
    "system in the middle": ask(*HELLO, SYSTEM, Message(role="user", content="And now?")),
    "two systems": ask(SYSTEM, SYSTEM, *HELLO),
    "assistant first": ask(Message(role="assistant", content="Welcome."), *HELLO),
    "assistant last": ask(*HELLO, Message(role="assistant", content="It is \n")),
    "users in a row": ask(*HELLO, *HELLO, *HELLO),
    "empty user": ask(Message(role="user", content="")),
    "blank user": ask(Message(role="user", content=" \n")),
    "empty assistant": ask(*HELLO, Message(role="assistant", content=""), *HELLO),
    "tool rounds": ask(*rounds(2), tools=(WEATHER,)),
    "tool rounds, tools gone": ask(*rounds(2)),
    "tool rounds, tools forbidden": ask(*rounds(1), tools=(WEATHER,), tool_choice="none"),
    "empty tool result": ask(
        *rounds(1)[:-1],
        Message(role="tool", tool_call_id="call_0_Oslo", content=""),
        tools=(WEATHER,),
    ),
    "user right after results": ask(*rounds(1), *HELLO, tools=(WEATHER,)),
    "text beside calls": ask(
        *HELLO,
        Message(
            role="assistant",
            content="Let me see.",
            tool_calls=(ToolUse(id="a", name="weather", arguments={}),),
        ),
        Message(role="tool", tool_call_id="a", content="sunny"),
        tools=(WEATHER,),
    ),
    "hot": ask(temperature=2.0),
    "cold": ask(temperature=0.0),
    "other writing": ask(Message(role="user", content="שלום 你好 🙂")),
}


@BOTH
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_every_conversation_is_taken(provider: Provider, name: str, conversation: str) -> None:
    request = CONVERSATIONS[conversation]
    completion = call(provider, name, request, model="ok").completion
    assert completion.text or completion.tool_calls
    assert (completion.provider, completion.model) == (name, "ok")


@BOTH
@pytest.mark.parametrize("schema", [*SCHEMAS, "nested"])
def test_every_schema_is_taken(provider: Provider, name: str, schema: str) -> None:
    wanted = SCHEMAS.get(schema, NESTED)
    provider.control(model=f"ok-tag-{name}", script=[{"text": json.dumps(make_instance(wanted))}])
    completion = call(
        provider, name, ask(response_schema=wanted), model=f"ok-tag-{name}"
    ).completion
    assert completion.parsed == make_instance(wanted)
    assert completion.stop_reason == "stop"


@BOTH
def test_usage_is_the_bill(provider: Provider, name: str) -> None:
    model = f"tokens-30-reasoning-7-cached-3-cache-write-2-cache-hour-1-tag-{name}"
    usage = call(provider, name, ask(), model=model).completion.usage
    [bill] = provider.billed(model=model)
    assert usage.prompt_tokens == bill["prompt_tokens"]
    assert usage.completion_tokens == bill["completion_tokens"] == 37
    assert (usage.cached_tokens, usage.reasoning_tokens) == (3, 7)
    assert usage.cache_write_tokens == 2
    assert usage.cache_write_hour_tokens == (1 if name == "anthropic" else 0)


@BOTH
@pytest.mark.parametrize(
    ("model", "max_tokens", "reason"),
    [
        ("ok", 500, "stop"),
        ("tokens-50", 10, "length"),
        ("refusal", 500, "content_filter"),
        ("content-filter", 500, "content_filter"),
        ("empty-text", 500, "stop"),
    ],
)
def test_stop_reasons_are_the_same(
    provider: Provider, name: str, model: str, max_tokens: int, reason: str
) -> None:
    completion = call(provider, name, ask(), model=model, max_tokens=max_tokens).completion
    assert completion.stop_reason == reason


@BOTH
def test_parallel_tool_calls_come_back_decoded(provider: Provider, name: str) -> None:
    completion = call(provider, name, ask(tools=(WEATHER, FORECAST)), model="ok").completion
    assert completion.stop_reason == "tool_calls"
    assert [use.name for use in completion.tool_calls] == ["weather", "forecast"]
    assert [use.arguments for use in completion.tool_calls] == [{"city": "aa"}] * 2
    assert len({use.id for use in completion.tool_calls}) == 2


@BOTH
@pytest.mark.parametrize(("choice", "calls"), [("auto", 0), ("required", 2), ("none", 0)])
def test_tool_choice_is_passed_on(provider: Provider, name: str, choice: Any, calls: int) -> None:
    request = ask(*rounds(1), tools=(WEATHER,), tool_choice=choice)
    assert len(call(provider, name, request, model="ok").completion.tool_calls) == calls


@pytest.mark.parametrize("first", ["openai", "anthropic"])
@pytest.mark.parametrize("second", ["openai", "anthropic"])
def test_an_agent_may_change_its_provider_between_two_turns(
    provider: Provider, first: str, second: str
) -> None:
    asked = call(provider, first, ask(*HELLO, tools=(WEATHER,)), model="ok").completion
    history = (
        *HELLO,
        Message(role="assistant", content=asked.text, tool_calls=asked.tool_calls),
        *(Message(role="tool", tool_call_id=u.id, content="sunny") for u in asked.tool_calls),
    )
    answered = call(provider, second, ask(*history, tools=(WEATHER,)), model="ok").completion
    assert answered.stop_reason == "stop"
    assert answered.text


@BOTH
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_the_reserved_prompt_is_never_below_the_bill(
    provider: Provider, name: str, conversation: str
) -> None:
    request = CONVERSATIONS[conversation]
    used = call(provider, name, request, model="ok").completion.usage
    assert make(provider, name).bound_prompt(request, model="ok") >= used.prompt_tokens


def test_the_local_provider_sends_nothing_that_a_plain_server_lacks(provider: Provider) -> None:
    model = "smollm2-135m-instruct"
    for request in CONVERSATIONS.values():
        call(provider, "local", request, model=model)
    called = call(provider, "local", ask(tools=(WEATHER,)), model=model).completion
    assert called.stop_reason == "tool_calls"
    assert called.tool_calls[0].name == "weather"
