"""The schema emulation on a real model: SmolLM2-135M under llama.cpp."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from agentplatform.core.json_values import clean_text
from agentplatform.embedded.local_model import find_weights
from apps.gateway.contracts import Completion, CompletionRequest, Message, ToolSpec
from apps.gateway.providers.local_provider import LocalProvider
from apps.gateway.providers.port import OnText
from tests.integration.gateway.provider_calls import rounds

SERVER = """
import sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.n_ctx, parameters.n_parallel, parameters.n_threads_http = 3072, 2, 2
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
parameters.hostnames, parameters.port, parameters.use_jinja = ["127.0.0.1"], 0, True
parameters.offline = True
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
WINDOW = 1536
CODE = ToolSpec(
    name="code",
    description="Run a Python program and see what it prints.",
    parameters={
        "type": "object",
        "properties": {
            "language": {"enum": ["python"]},
            "program": {"type": "string", "minLength": 1},
            "input": {},
            "timeout_seconds": {"type": "number", "minimum": 1, "maximum": 600},
        },
        "required": ["program"],
        "additionalProperties": False,
    },
)
ADD = ToolSpec(
    name="add",
    description="Add two integers.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
)
QUESTION = (Message(role="user", content="Add 2 and 3, and print the square of 7."),)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(find_weights())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield next(line.strip() for line in process.stdout if line.startswith("http")) + "/v1"
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def complete(
    base_url: str,
    *,
    max_tokens: int = 200,
    context_tokens: int = WINDOW,
    on_text: OnText | None = None,
    **request: Any,
) -> Completion:
    async def ask() -> Completion:
        provider = LocalProvider(
            api_key="",
            base_url=base_url,
            default_model="smollm2",
            context_tokens=context_tokens,
        )
        asked = CompletionRequest(temperature=0, **request)
        bound = provider.bound_prompt(asked, model="smollm2")
        try:
            answer = await provider.complete(
                asked,
                model="smollm2",
                max_tokens=max_tokens,
                timeout_seconds=170,
                on_text=on_text,
            )
        finally:
            await provider.close()
        assert answer.completion.usage.prompt_tokens <= bound
        assert answer.completion.usage.completion_tokens <= max_tokens
        return answer.completion

    return asyncio.run(ask())


def test_required_tools_are_called_at_least_so_often_with_valid_arguments(base_url: str) -> None:
    completion = complete(
        base_url,
        messages=QUESTION,
        tools=(CODE, ADD),
        tool_choice="required",
        min_tool_calls=2,
        max_tokens=600,
    )
    assert completion.stop_reason == "tool_calls"
    assert len(completion.tool_calls) >= 2
    schemas = {tool.name: tool.parameters for tool in (CODE, ADD)}
    for call in completion.tool_calls:
        jsonschema.validate(call.arguments, schemas[call.name])


def test_after_tool_results_it_goes_on(base_url: str) -> None:
    completion = complete(base_url, messages=rounds(2), tools=(ADD,), max_tokens=300)
    assert completion.text or completion.tool_calls


def test_forbidden_tools_are_not_called(base_url: str) -> None:
    completion = complete(
        base_url, messages=rounds(1), tools=(ADD,), tool_choice="none", max_tokens=20
    )
    assert completion.tool_calls == ()
    assert completion.text


def test_structured_output_satisfies_its_schema(base_url: str) -> None:
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "minLength": 5},
            "findings": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "kind": {"enum": ["good", "bad"]},
        },
        "required": ["title", "findings", "kind"],
        "additionalProperties": False,
    }
    completion = complete(base_url, messages=QUESTION, response_schema=schema, max_tokens=700)
    jsonschema.validate(completion.parsed, schema)
    assert json.loads(completion.text) == completion.parsed


@pytest.mark.parametrize(
    "context_tokens",
    [
        pytest.param(1024, marks=pytest.mark.thorough),
        WINDOW,
        pytest.param(4096, marks=pytest.mark.thorough),
    ],
)
def test_a_conversation_longer_than_the_window_is_cut_whatever_the_window_is_said_to_be(
    base_url: str, context_tokens: int
) -> None:
    long = Message(role="user", content="12345, words and more; " * 4000)
    completion = complete(
        base_url, messages=(long, *QUESTION), max_tokens=10, context_tokens=context_tokens
    )
    assert completion.usage.total_tokens <= WINDOW


def test_a_streamed_answer_is_the_plain_one(base_url: str) -> None:
    told: list[str] = []
    streamed = complete(base_url, messages=QUESTION, max_tokens=60, on_text=told.append)
    plain = complete(base_url, messages=QUESTION, max_tokens=60)
    assert len(told) > 3
    assert clean_text("".join(told)) == streamed.text == plain.text
    assert streamed.stop_reason == plain.stop_reason
    assert streamed.usage.total_tokens == plain.usage.total_tokens
