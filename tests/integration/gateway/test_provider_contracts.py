"""What we send, and what the test provider answers, is of the types of the official clients."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from anthropic.types import Message as AnthropicMessage
from anthropic.types import RawMessageStreamEvent
from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from tests.integration.gateway.provider_calls import ask, make
from tests.integration.gateway.scripted_calls import outcome
from tests.integration.gateway.scripted_server import ANSWERS, Asked, as_json, scripted_server
from tests.integration.gateway.test_provider_wire import CONVERSATIONS, NESTED, SCHEMAS
from tests.provider import Provider
from tests.provider.contract import validate_openai
from tests.provider.raw import post
from tests.provider.samples import anthropic_tool, chat, message, openai_tool

REQUESTS = CONVERSATIONS | {
    f"schema {name}": ask(response_schema=schema)
    for name, schema in (SCHEMAS | {"nested": NESTED}).items()
}
PARAMETERS: dict[tuple[str, bool], Any] = {
    ("openai", False): CompletionCreateParamsNonStreaming,
    ("openai", True): CompletionCreateParamsStreaming,
    ("anthropic", False): MessageCreateParamsNonStreaming,
    ("anthropic", True): MessageCreateParamsStreaming,
}
MODELS = [
    "gpt",
    "gpt-tokens-30-reasoning-7-cached-3-cache-write-1",
    "gpt-refusal",
    "gpt-empty-text",
]


def sent_by(name: str, *, is_streamed: bool) -> list[Any]:
    """The bodies that provider sends for all of REQUESTS."""

    async def script(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(as_json(ANSWERS[name]))

    async def run() -> list[Any]:
        async with scripted_server(script) as server:
            chosen = make(server.provider, name)
            on_text = (lambda _: None) if is_streamed else None
            for request in REQUESTS.values():
                await outcome(chosen, request=request, on_text=on_text)
            await chosen.close()
            return [asked.body for asked in server.asked]

    return asyncio.run(run())


@pytest.mark.parametrize(("name", "is_streamed"), PARAMETERS)
def test_requests_are_of_the_official_clients_types(name: str, is_streamed: bool) -> None:
    parameters = PARAMETERS[name, is_streamed]
    adapter = TypeAdapter(parameters)
    bodies = sent_by(name, is_streamed=is_streamed)
    assert len(bodies) == len(REQUESTS)
    for body in bodies:
        exhaust(adapter.validate_python(body))
        assert body.keys() <= parameters.__annotations__.keys()
        assert body.get("stream", False) is is_streamed


def test_requests_are_of_openais_published_schema() -> None:
    for is_streamed in (False, True):
        for body in sent_by("openai", is_streamed=is_streamed):
            validate_openai("CreateChatCompletionRequest", body)


@pytest.mark.parametrize("model", MODELS)
def test_answers_of_the_test_provider_are_of_openais_types(provider: Provider, model: str) -> None:
    for tools in ({}, {"tools": [openai_tool()]}):
        asked = chat(model, **tools)
        ChatCompletion.model_validate(post(provider, "/v1/chat/completions", asked).json)
        *chunks, _ = post(provider, "/v1/chat/completions", {**asked, "stream": True}).events
        for chunk in chunks:
            ChatCompletionChunk.model_validate_json(chunk)


@pytest.mark.parametrize("model", MODELS)
def test_answers_of_the_test_provider_are_of_anthropics_types(
    provider: Provider, model: str
) -> None:
    event_type: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    for tools in ({}, {"tools": [anthropic_tool()]}):
        asked = message(model, **tools)
        AnthropicMessage.model_validate(post(provider, "/v1/messages", asked).json)
        for event in post(provider, "/v1/messages", {**asked, "stream": True}).events:
            if "ping" not in event:
                event_type.validate_json(event)


def exhaust(value: Any) -> None:
    """Go through all of a value: pydantic looks at an iterable's items when they are taken."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for item in value:
            exhaust(item)
