"""What the provider answers is what OpenAI's published schemas say."""

import json
from typing import Any

import jsonschema
import pytest

from tests.provider import Provider
from tests.provider.contract import validate_openai
from tests.provider.raw import post
from tests.provider.samples import HELLO, REPORT, chat, openai_rounds, openai_tool

SCHEMA_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "report", "schema": REPORT, "strict": True},
}
REQUESTS = {
    "text": chat(),
    "long": chat("tokens-200"),
    "truncated": chat("tokens-200", max_tokens=20),
    "stopped": chat(stop=["answer"]),
    "two choices": chat(n=2),
    "details of usage": chat("reasoning-20-cached-3-cache-write-1"),
    "parallel tool calls": chat(tools=[openai_tool("one"), openai_tool("two")]),
    "one tool call": chat(tools=[openai_tool()], parallel_tool_calls=False),
    "after the tools": chat(tools=[openai_tool()]) | {"messages": openai_rounds(1)},
    "JSON schema": chat(response_format=SCHEMA_FORMAT),
    "refusal": chat("refusal"),
    "content filter": chat("content-filter"),
    "empty text": chat("empty-text"),
    "surrogates": chat("surrogate-text"),
    "no usage": chat("missing-usage"),
}
BAD_REQUESTS: dict[str, Any] = {
    "no model": {"messages": HELLO},
    "no messages": {"model": "ok"},
    "error 500": chat("error-500"),
    "error 429": chat("error-429-retry-2"),
    "error 401": chat("error-401"),
    "long context": chat("error-400-context"),
    "unknown model": chat("does-not-exist"),
    "no JSON": b"{",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_chat_completion_is_valid(provider: Provider, name: str) -> None:
    reply = post(provider, "/v1/chat/completions", REQUESTS[name])
    assert reply.status == 200
    validate_openai("CreateChatCompletionResponse", reply.json)


@pytest.mark.parametrize("has_usage", [True, False])
@pytest.mark.parametrize("name", REQUESTS)
def test_every_chunk_is_valid(provider: Provider, name: str, has_usage: bool) -> None:
    options = {"stream": True, "stream_options": {"include_usage": has_usage}}
    reply = post(provider, "/v1/chat/completions", REQUESTS[name] | options)
    *chunks, done = reply.events
    assert done == "[DONE]"
    for chunk in chunks:
        validate_openai("CreateChatCompletionStreamResponse", json.loads(chunk))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"])
@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_every_error_is_valid(provider: Provider, name: str, path: str) -> None:
    body = BAD_REQUESTS[name]
    if isinstance(body, dict) and "messages" in body and path != "/v1/chat/completions":
        body = {**body, "input": "Hello."}
        body.pop("messages")
    reply = post(provider, path, body)
    assert reply.status >= 400
    validate_openai("ErrorResponse", reply.json)


@pytest.mark.parametrize(
    "more",
    [{}, {"max_output_tokens": 16}, {"text": {"format": {"type": "json_schema", "name": "r",
     "schema": REPORT}}}, {"tools": [{"type": "function", **openai_tool()["function"]}]}],
)  # fmt: skip
def test_response_is_valid(provider: Provider, more: dict[str, Any]) -> None:
    body = {"model": "tokens-40", "input": "Hello.", **more}
    validate_openai("Response", post(provider, "/v1/responses", body).json)


@pytest.mark.parametrize(
    "more", [{}, {"tools": [{"type": "function", **openai_tool()["function"]}]}]
)
def test_every_event_of_a_response_is_valid(provider: Provider, more: dict[str, Any]) -> None:
    body = {"model": "ok", "input": "Hello.", "stream": True, **more}
    events = post(provider, "/v1/responses", body).events
    for event in events:
        validate_openai("ResponseStreamEvent", json.loads(event))
    assert json.loads(events[-1])["type"] == "response.completed"


@pytest.mark.parametrize("given", ["one", ["one", "two"], [1, 2, 3], [[1], [2, 3]]])
def test_embeddings_are_valid(provider: Provider, given: Any) -> None:
    body = {"model": "text-embedding-3-small", "input": given, "dimensions": 8}
    validate_openai("CreateEmbeddingResponse", post(provider, "/v1/embeddings", body).json)


def test_the_contract_finds_what_is_wrong() -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate_openai("CreateChatCompletionResponse", {"id": "x", "choices": []})
    with pytest.raises(LookupError):
        validate_openai("NoSuchSchema", {})
