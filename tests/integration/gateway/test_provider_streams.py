"""A streamed answer is the plain one, told as it comes; a broken stream is a failed attempt."""

import json
import time
from typing import Any

import pytest

from agentplatform.core.json_values import clean_text
from apps.gateway.contracts import CompletionRequest
from apps.gateway.providers import errors
from apps.gateway.providers.port import Answer
from tests.integration.gateway.provider_calls import FORECAST, WEATHER, ask, call, fail, rounds
from tests.provider import Provider

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])
EVERY = pytest.mark.parametrize("name", ["openai", "anthropic", "local"])
BASES = {"openai": "gpt", "anthropic": "claude", "local": "local"}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
REQUESTS: dict[str, tuple[str, CompletionRequest]] = {
    "a sentence": ("gpt", ask()),
    "a long answer": ("gpt-tokens-400", ask()),
    "no words": ("gpt-empty-text", ask()),
    "a refusal": ("gpt-refusal", ask()),
    "a filter": ("gpt-content-filter", ask()),
    "thoughts": ("gpt-tokens-30-reasoning-7-cached-3", ask()),
    "a schema": ("gpt", ask(response_schema=SCHEMA)),
    "calls": ("gpt-tool-parallel-3", ask(tools=(WEATHER, FORECAST))),
    "an answer after calls": ("gpt", ask(*rounds(1), tools=(WEATHER,))),
    "NUL in it": ("gpt-nul-text", ask()),
    "half a pair in it": ("gpt-surrogate-text", ask()),
    "NaN in arguments": ("gpt-nan-arguments", ask(tools=(WEATHER,))),
    "usage above": ("gpt-usage-above", ask()),
    "no usage": ("gpt-missing-usage", ask()),
    "no end mark": ("gpt-no-done", ask()),
}
WRITINGS = ["שלום 你好 🙂 Grüße", "a\U0001f642" * 50, '"quoted" \\ and\nlines\t', "é" * 2000]


def stream(
    provider: Provider, name: str, request: CompletionRequest, **how: Any
) -> tuple[str, Answer]:
    """What was told, and the answer."""
    told: list[str] = []
    answer = call(provider, name, request, on_text=told.append, **how)
    return "".join(told), answer


def without_ids(answer: Answer) -> Answer:
    uses = tuple(use.model_copy(update={"id": ""}) for use in answer.completion.tool_calls)
    completion = answer.completion.model_copy(update={"tool_calls": uses})
    return Answer(completion=completion, has_usage=answer.has_usage)


@EVERY
@pytest.mark.parametrize("wish", REQUESTS)
def test_a_streamed_answer_is_the_plain_one(provider: Provider, name: str, wish: str) -> None:
    model, request = REQUESTS[wish]
    model = model.replace("gpt", BASES[name])
    _, streamed = stream(provider, name, request, model=model)
    assert without_ids(streamed) == without_ids(call(provider, name, request, model=model))


@EVERY
@pytest.mark.parametrize("text", WRITINGS)
def test_any_writing_is_told_whole(provider: Provider, name: str, text: str) -> None:
    model = f"ok-tag-writing{len(text)}{name}"
    provider.control(model=model, script=[{"text": text}])
    told, answer = stream(provider, name, ask(), model=model, max_tokens=5000)
    assert told == answer.completion.text == text


@BOTH
def test_every_call_has_an_id_of_its_own(provider: Provider, name: str) -> None:
    _, answer = stream(provider, name, ask(tools=(WEATHER, FORECAST)), model="ok")
    assert len({use.id for use in answer.completion.tool_calls}) == 2


@BOTH
def test_text_comes_before_the_answer_is_whole(provider: Provider, name: str) -> None:
    told: list[str] = []
    how: dict[str, Any] = {"model": "ok-tokens-40-pace-20", "timeout_seconds": 0.4}
    error = fail(provider, name, ask(), on_text=told.append, **how)
    assert type(error) is errors.ProviderTimeout
    assert 2 < len(told) < 40


@BOTH
def test_a_streamed_answer_is_billed_to_the_token(provider: Provider, name: str) -> None:
    model = f"tokens-30-reasoning-7-cached-3-cache-write-2-cache-hour-1-tag-stream{name}"
    _, answer = stream(provider, name, ask(), model=model)
    [bill] = provider.billed(model=model)
    assert bill["is_streamed"]
    assert answer.has_usage
    assert answer.completion.usage.prompt_tokens == bill["prompt_tokens"]
    assert answer.completion.usage.completion_tokens == bill["completion_tokens"] == 37
    assert answer.completion.usage.cache_write_tokens == 2
    assert answer.completion.usage.cache_write_hour_tokens == (1 if name == "anthropic" else 0)


@BOTH
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("stream-cut", errors.ConnectionLost),
        ("malformed-chunk", errors.InvalidAnswer),
        ("stream-error", errors.InvalidAnswer),
        ("reset-before-headers", errors.ConnectionLost),
        ("lost-answer", errors.ConnectionLost),
        ("empty-body", errors.ConnectionLost),
        ("error-200-html", errors.ConnectionLost),
    ],
)
def test_a_broken_stream_is_a_failed_attempt(
    provider: Provider, name: str, fault: str, expected: type[errors.ProviderError]
) -> None:
    error = fail(provider, name, ask(), model=f"ok-{fault}", on_text=lambda _: None)
    assert type(error) is expected
    assert error.is_retryable
    assert not error.is_unbilled


@BOTH
@pytest.mark.parametrize("fault", ["stream-stalled", "no-answer", "slow-headers-60000"])
def test_a_silent_stream_times_out(provider: Provider, name: str, fault: str) -> None:
    how: dict[str, Any] = {"timeout_seconds": 0.3, "on_text": lambda _: None}
    error = fail(provider, name, ask(), model=f"ok-{fault}", **how)
    assert type(error) is errors.ProviderTimeout


@BOTH
def test_a_stream_that_falls_silent_is_given_up_long_before_the_deadline(
    provider: Provider, name: str
) -> None:
    began = time.monotonic()
    how: dict[str, Any] = {"timeout_seconds": 30.0, "on_text": lambda _: None}
    settings = {"stream_idle_seconds": 0.2}
    error = fail(provider, name, ask(), model="ok-stream-stalled", settings=settings, **how)
    assert type(error) is errors.ProviderTimeout
    assert time.monotonic() - began < 15


@BOTH
def test_a_model_may_think_in_silence_before_its_answer(provider: Provider, name: str) -> None:
    how: dict[str, Any] = {"on_text": lambda _: None, "settings": {"stream_idle_seconds": 0.2}}
    assert call(provider, name, ask(), model="gpt-thinks-800", **how)


@BOTH
def test_a_stream_may_take_longer_than_it_may_be_silent(provider: Provider, name: str) -> None:
    how: dict[str, Any] = {"on_text": lambda _: None, "settings": {"stream_idle_seconds": 3.0}}
    assert call(provider, name, ask(), model="gpt-tokens-40-pace-100", **how)


@BOTH
@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_status_is_told_apart_before_the_stream(
    provider: Provider, name: str, status: int
) -> None:
    how: dict[str, Any] = {"model": f"error-{status}"}
    plain = fail(provider, name, ask(), **how)
    streamed = fail(provider, name, ask(), on_text=lambda _: None, **how)
    assert type(streamed) is type(plain)
    assert streamed.is_unbilled


@BOTH
def test_streamed_arguments_that_are_no_json_are_paid_and_retried(
    provider: Provider, name: str
) -> None:
    how: dict[str, Any] = {"model": "bad-arguments", "on_text": lambda _: None}
    error = fail(provider, name, ask(tools=(WEATHER,)), **how)
    assert isinstance(error, errors.InvalidOutput)
    assert error.usage is not None
    assert error.usage.completion_tokens == provider.billed()[-1]["completion_tokens"]


def test_of_an_emulated_answer_only_the_text_is_told(provider: Provider) -> None:
    said = 'He said "שלום" \\ 🙂\n'
    provider.control(model="local-tag-answer", script=[{"text": json.dumps({"answer": said})}])
    told, answer = stream(provider, "local", ask(tools=(WEATHER,)), model="local-tag-answer")
    assert clean_text(told) == answer.completion.text == said


def test_of_an_emulated_call_nothing_is_told(provider: Provider) -> None:
    calls = {"calls": [{"tool": "weather", "arguments": {"city": "Oslo"}}]}
    provider.control(model="local-tag-calls", script=[{"text": json.dumps(calls)}])
    told, answer = stream(provider, "local", ask(tools=(WEATHER,)), model="local-tag-calls")
    assert told == answer.completion.text == ""
    assert [use.name for use in answer.completion.tool_calls] == ["weather"]
