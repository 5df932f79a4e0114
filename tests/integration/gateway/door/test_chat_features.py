"""Every feature of a chat request, driven by OpenAI's own client: what reaches the provider, and
what comes back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import OpenAI

from tests.integration.gateway.door.serving import Caller
from tests.integration.gateway.door.upstream import Upstream, running_upstream
from tests.integration.gateway.scripted_server import CHAT, MESSAGE
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)
Callers = Callable[..., Caller]
Gateway = Callable[..., None]
HELLO: list[Any] = [{"role": "user", "content": "Hello."}]
IMAGE = "data:image/png;base64,iVBORw0KGgo="
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
TALK: list[Any] = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Hi"}], "name": "ann"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


@pytest.fixture
def openai(upstream: Upstream, gateway: Gateway, caller: Callers) -> OpenAI:
    upstream.answer = CHAT
    gateway(on="openai", openai_base_url=f"{upstream.address}/v1", openai_model="m")
    return caller().sdk()


@pytest.fixture
def anthropic(upstream: Upstream, gateway: Gateway, caller: Callers) -> OpenAI:
    upstream.answer = MESSAGE
    gateway(on="anthropic", anthropic_base_url=upstream.address, anthropic_model="m")
    return caller().sdk()


OPTIONS: dict[str, Any] = {
    "stop": ["a", "b"],
    "temperature": 0.5,
    "top_p": 0.9,
    "seed": 7,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "top_logprobs": 2,
    "user": "u1",
    "metadata": {"k": "v"},
    "reasoning_effort": "low",
    "parallel_tool_calls": False,
    "response_format": {"type": "json_object"},
    "service_tier": "flex",
    "verbosity": "low",
}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_reaches_openai_as_it_was_sent(
    openai: OpenAI, upstream: Upstream, name: str
) -> None:
    wanted = {name: OPTIONS[name]} | ({"logprobs": True} if name == "top_logprobs" else {})
    openai.chat.completions.create(model="default", messages=HELLO, tools=[WEATHER], **wanted)
    assert upstream.asked[-1][name] == OPTIONS[name]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_bound_of_an_answer_is_always_sent(
    openai: OpenAI, upstream: Upstream, name: str
) -> None:
    bound: dict[str, Any] = {name: 33}
    openai.chat.completions.create(model="default", messages=HELLO, **bound)
    assert upstream.asked[-1]["max_completion_tokens"] == 33
    openai.chat.completions.create(model="default", messages=HELLO)
    assert upstream.asked[-1]["max_completion_tokens"] == 4096


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            {"type": "tool", "name": "weather"},
        ),
    ],
)
def test_a_choice_of_tools_is_said_in_anthropics_words(
    anthropic: OpenAI, upstream: Upstream, choice: Any, sent: Any
) -> None:
    anthropic.chat.completions.create(
        model="default", messages=HELLO, tools=[WEATHER], tool_choice=choice
    )
    assert upstream.asked[-1]["tool_choice"] == sent


def test_a_conversation_with_tools_reaches_openai_whole(openai: OpenAI, upstream: Upstream) -> None:
    openai.chat.completions.create(
        model="default", messages=TALK, tools=[WEATHER], tool_choice="required"
    )
    system, user, assistant, tool = upstream.asked[-1]["messages"]
    assert (system["role"], user["content"], user["name"]) == ("system", "Hi", "ann")
    (call,) = assistant["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Rome"}
    assert tool == TALK[3]
    assert upstream.asked[-1]["tools"] == [WEATHER]
    assert upstream.asked[-1]["tool_choice"] == "required"


@pytest.mark.parametrize("url", [IMAGE, "https://example.com/cat.png"])
def test_images_reach_both_providers_in_their_own_words(
    gateway: Gateway, caller: Callers, upstream: Upstream, url: str
) -> None:
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    message = [{"role": "user", "content": parts}]
    upstream.answer = CHAT
    gateway(on="openai", openai_base_url=f"{upstream.address}/v1")
    client = caller()
    assert client.chat(messages=message).status_code == 200
    assert upstream.asked[-1]["messages"][0]["content"] == parts
    upstream.answer = MESSAGE
    gateway(on="anthropic", anthropic_base_url=upstream.address)
    assert client.chat(messages=message).status_code == 200
    block = upstream.asked[-1]["messages"][0]["content"][1]
    wanted = (
        {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
        if url == IMAGE
        else {"type": "url", "url": url}
    )
    assert block == {"type": "image", "source": wanted}


PDF = "data:application/pdf;base64,JVBERi0xLjQK"
DOCUMENT = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"},
    "title": "a.pdf",
}
FILE = {"file_data": PDF, "filename": "a.pdf"}
WITH_PDF: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": [{"type": "file", "file": FILE}]}]
    },
    "/v1/responses": {"input": [{"role": "user", "content": [{"type": "input_file", **FILE}]}]},
    "/v1/messages": {"max_tokens": 9, "messages": [{"role": "user", "content": [DOCUMENT]}]},
}


@pytest.mark.parametrize("path", WITH_PDF)
def test_pdfs_reach_both_providers_in_their_own_words(
    gateway: Gateway, caller: Callers, upstream: Upstream, path: str
) -> None:
    body = {"model": "default", **WITH_PDF[path]}
    upstream.answer = CHAT
    gateway(on="openai", openai_base_url=f"{upstream.address}/v1")
    client = caller()
    assert client.post(body, path=path).status_code == 200
    assert upstream.asked[-1]["messages"][0]["content"] == [{"type": "file", "file": FILE}]
    upstream.answer = MESSAGE
    gateway(on="anthropic", anthropic_base_url=upstream.address)
    assert client.post(body, path=path).status_code == 200
    assert upstream.asked[-1]["messages"][0]["content"] == [DOCUMENT]


def test_a_pdf_by_its_address_is_anthropics_and_none_is_the_local_models(
    gateway: Gateway, caller: Callers, upstream: Upstream
) -> None:
    address = {"type": "input_file", "file_url": "https://example.com/a.pdf"}
    upstream.answer = MESSAGE
    gateway(on="openai anthropic local", anthropic_base_url=upstream.address)
    client = caller()
    answer = client.respond(input=[{"role": "user", "content": [address]}])
    assert answer.headers["x-agentplatform-provider"] == "anthropic"
    (block,) = upstream.asked[-1]["messages"][0]["content"]
    assert block["source"] == {"type": "url", "url": "https://example.com/a.pdf"}
    local = client.post(
        {"model": "local:smollm2", **WITH_PDF["/v1/chat/completions"]}, path="/v1/chat/completions"
    )
    assert local.json()["error"]["code"] == "unsupported"


def test_what_anthropic_has_of_the_options_is_said_in_its_words(
    anthropic: OpenAI, upstream: Upstream
) -> None:
    anthropic.chat.completions.create(
        model="default",
        messages=HELLO,
        tools=[WEATHER],
        stop="END",
        user="u1",
        parallel_tool_calls=False,
        reasoning_effort="high",
        seed=3,
    )
    sent = upstream.asked[-1]
    assert sent["stop_sequences"] == ["END"]
    assert sent["metadata"] == {"user_id": "u1"}
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert sent["output_config"] == {"effort": "high"}
    assert "seed" not in sent


def test_a_stop_that_anthropic_does_not_take_is_anothers(gateway: Gateway, caller: Callers) -> None:
    route = '{"r": ["anthropic:claude-haiku-4-5", "openai:gpt-4o-mini"]}'
    gateway(model_routes=route)
    client = caller()
    assert client.chat(model="r", stop="\n").headers["x-agentplatform-provider"] == "openai"
    told = client.chat(model="anthropic:claude-haiku-4-5", stop="\n")
    assert (told.status_code, told.json()["error"]["code"]) == (400, "unsupported")


def test_a_json_schema_reaches_openai_as_it_was_sent_and_anthropic_as_its_own(
    gateway: Gateway, caller: Callers, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini", anthropic_model="claude-haiku-4-5")
    client = caller()
    wanted: Any = {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": SCHEMA, "strict": True},
    }
    for model in ("openai:gpt-4o-mini", "anthropic:claude-haiku-4-5"):
        answer = client.sdk().chat.completions.create(
            model=model, messages=HELLO, response_format=wanted
        )
        assert isinstance(json.loads(answer.choices[0].message.content or "")["a"], int)


def test_logprobs_refusals_and_counts_of_tokens_come_back(
    openai: OpenAI, upstream: Upstream
) -> None:
    logprobs = {
        "content": [{"token": "Hi", "logprob": -0.1, "bytes": [72], "top_logprobs": []}],
        "refusal": None,
    }
    message = {"role": "assistant", "content": None, "refusal": "I will not."}
    upstream.answer = {
        "choices": [{"finish_reason": "stop", "logprobs": logprobs, "message": message}],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }
    answer = openai.chat.completions.create(model="default", messages=HELLO, logprobs=True)
    validate_openai("CreateChatCompletionResponse", answer.model_dump(exclude_unset=True))
    (choice,) = answer.choices
    assert (choice.message.refusal, choice.message.content) == ("I will not.", None)
    assert choice.logprobs is not None
    assert choice.logprobs.model_dump(exclude_unset=True) == logprobs
    usage = answer.usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (9, 8, 17)
    assert usage.prompt_tokens_details is not None
    assert usage.completion_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 4
    assert usage.completion_tokens_details.reasoning_tokens == 3


def test_arguments_that_are_no_json_come_back_as_the_model_said_them(
    gateway: Gateway, caller: Callers
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-bad-arguments")
    answer = caller().chat(tools=[WEATHER])
    (call, *_) = answer.json()["choices"][0]["message"]["tool_calls"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(call["function"]["arguments"])
