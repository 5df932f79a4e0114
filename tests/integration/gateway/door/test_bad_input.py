"""Whatever stands where in a request, at every endpoint: it is answered or refused in the words of
that endpoint, and never a failure of the gateway."""

import copy
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from apps.gateway.models import LlmEvent
from tests.integration.gateway.door.serving import Caller, Server
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
HELLO = [{"role": "user", "content": "Hi"}]
Place = tuple[str | int, ...]
IMAGE = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0xLjQK"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
FULL: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "model": "default",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {
                        "type": "text",
                        "text": "Hi",
                        "cache_control": {"type": "ephemeral", "ttl": "1h"},
                        "prompt_cache_breakpoint": {"mode": "explicit"},
                    },
                    {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
                    {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
                ],
            },
            {
                "role": "assistant",
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "w", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "sunny"},
        ],
        "tools": [{"type": "function", "function": {"name": "w", "parameters": SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "w"}},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": SCHEMA, "strict": True},
        },
        "max_tokens": 20,
        "temperature": 0.5,
        "top_p": 0.5,
        "stop": ["a"],
        "seed": 1,
        "logit_bias": {"1": 2},
        "logprobs": True,
        "top_logprobs": 1,
        "metadata": {"a": "b"},
        "reasoning_effort": "low",
        "n": 1,
        "modalities": ["text"],
    },
    "/v1/messages": {
        "model": "default",
        "max_tokens": 20,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
                    }
                ],
            },
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c", "name": "w", "input": {}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c", "content": "sunny"}],
            },
        ],
        "tools": [{"name": "w", "description": "", "input_schema": SCHEMA}],
        "tool_choice": {"type": "tool", "name": "w", "disable_parallel_tool_use": True},
        "stop_sequences": ["a"],
        "temperature": 0.5,
        "top_p": 0.5,
        "metadata": {"user_id": "u"},
        "thinking": {"type": "disabled"},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
    },
    "/v1/embeddings": {
        "model": "openai:text-embedding-3-small",
        "input": ["a", "b"],
        "encoding_format": "float",
        "dimensions": 8,
    },
    "/v1/responses": {
        "model": "default",
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"type": "function_call", "call_id": "c", "name": "w", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "sunny"},
        ],
        "tools": [{"type": "function", "name": "w", "parameters": SCHEMA}],
        "tool_choice": {"type": "function", "name": "w"},
        "max_output_tokens": 20,
        "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
        "reasoning": {"effort": "low"},
        "metadata": {"a": "b"},
    },
}
"""A request with something of everything, by endpoint."""
ODD: tuple[Any, ...] = (-1, "x", [None], {"a": None}, 10**400, "a\ud800\x00", float("nan"))


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where something stands."""
    yield place
    inside = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else inside:
        yield from places(one, (*place, key))


def with_value(body: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    changed = found = copy.deepcopy(body)
    for key in place[:-1]:
        found = found[key]
    found[place[-1]] = value
    return changed


@pytest.mark.parametrize("path", FULL)
def test_an_odd_value_is_answered_or_refused_wherever_it_stands(
    gateway: Gateway, caller: Callers, path: str
) -> None:
    gateway(
        openai_model="gpt-4o-mini",
        anthropic_model="claude-haiku-4-5",
        breaker_least_calls=10_000,
    )
    client = caller()
    body = FULL[path]
    assert client.post(body, path=path).status_code == 200
    cases = [(place, value) for place in places(body) for value in ODD]
    headers = {"authorization": f"Bearer {client.secret}"}
    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(8) as pool:

        def ask(case: tuple[Place, Any]) -> httpx.Response:
            content = json.dumps(with_value(body, *case)).encode()
            return http.post(client.address + path, content=content, headers=headers)

        answers = list(pool.map(ask, cases))
    wrong = {
        f"{place}: {str(value)[:20]}": answer.text[:300]
        for (place, value), answer in zip(cases, answers, strict=True)
        if not _is_in_order(answer, path)
    }
    assert not wrong


def _is_in_order(answer: httpx.Response, path: str) -> bool:
    if answer.status_code not in (200, 400, 404):
        return False
    if answer.status_code == 200:
        return True
    if path == "/v1/messages":
        told = answer.json()
        kinds = ("invalid_request_error", "not_found_error")
        return told["type"] == "error" and told["error"]["type"] in kinds
    validate_openai("ErrorResponse", answer.json())
    return bool(answer.json()["error"]["message"])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_prompt_of_ten_megabytes_is_refused_soon_and_nothing_is_held(
    gateway: Gateway, caller: Callers, provider: Provider, path: str
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini")
    client = caller(token_budget=1_000_000)
    text = "All work and no play makes Jack a dull boy. " * 240_000
    body = {
        "model": "default",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": text}],
    }
    began = time.monotonic()
    answer = client.post(body, path=path)
    assert time.monotonic() - began < 10
    assert answer.status_code == 429
    assert "The tenant's monthly token budget has 1000000 left" in answer.text
    assert provider.requests()["total"] == 0


def test_a_run_named_in_a_header_is_nobodys_business(
    client: Caller, server: Server, provider: Provider
) -> None:
    names = ("x-run-id", "x-agentplatform-run-id", "x-agentplatform-tenant-id")
    foreign = {name: str(uuid4()) for name in names}
    answer = client.post({"model": "default", "messages": HELLO}, headers=foreign)
    assert answer.status_code == 200
    server.stop()
    event = LlmEvent.objects.get(call_id=answer.headers["x-agentplatform-call-id"])
    assert (event.run_id, event.tenant_id) == (None, client.tenant_id)
    (bill,) = provider.billed()
    assert not set(foreign.values()) & set(bill["headers"].values())
