"""Names that stand for models: their order, and who is asked after a refusal."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.gateway.calls import assert_settled, billed_tokens, events, start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db
Gateway = Callable[..., None]


def routes(**given: Any) -> str:
    return json.dumps(given)


def test_a_route_fails_over_in_its_own_order(gateway: Gateway) -> None:
    gateway(model_routes=routes(smart=["anthropic:claude-error-401", "openai:gpt-4o"]))
    outcome = start_work().complete(model="smart")
    assert (outcome.summary["provider"], outcome.summary["model"]) == ("openai", "gpt-4o")
    assert outcome.summary["fallback"]


def test_a_prompt_that_is_too_long_goes_to_those_with_a_larger_window(gateway: Gateway) -> None:
    smart = {
        "targets": ["openai:gpt-error-400-context", "anthropic:claude-haiku-4-5"],
        "on_context_window": ["openai:gpt-4.1"],
    }
    gateway(model_routes=routes(smart=smart))
    work = start_work()
    assert work.complete(model="smart").summary["model"] == "gpt-4.1"
    assert events(work) == [
        ("openai", "failed", "context_too_long"),
        ("openai", "success", ""),
    ]


def test_a_filtered_prompt_goes_to_those_named_for_it(gateway: Gateway) -> None:
    smart = {
        "targets": ["openai:gpt-error-400-filter"],
        "on_content_filter": ["anthropic:claude-haiku-4-5"],
    }
    gateway(model_routes=routes(smart=smart))
    work = start_work()
    assert work.complete(model="smart").summary["provider"] == "anthropic"
    assert events(work)[0] == ("openai", "failed", "content_filtered")


def test_a_filtered_answer_is_paid_for_and_asked_of_another(
    gateway: Gateway, provider: Provider
) -> None:
    smart = {
        "targets": ["openai:gpt-content-filter"],
        "on_content_filter": ["anthropic:claude-haiku-4-5"],
    }
    gateway(model_routes=routes(smart=smart))
    work = start_work(token_budget=100_000)
    outcome = work.complete(model="smart")
    assert outcome.summary["provider"] == "anthropic"
    assert outcome.tokens == billed_tokens(provider)
    assert_settled(work)


def test_those_named_for_a_refusal_refuse_for_good(gateway: Gateway, provider: Provider) -> None:
    filtered = ["openai:gpt-error-400-filter", "openai:gpt-4o-error-400-filter"]
    smart = {"targets": filtered[:1], "on_content_filter": filtered}
    gateway(model_routes=routes(smart=smart))
    outcome = start_work().complete(model="smart")
    assert outcome.failure is not None
    assert outcome.failure.code == "content_filtered"
    assert provider.requests()["total"] == 2


def test_without_such_a_list_a_filtered_prompt_ends_the_call(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-error-400-filter")
    outcome = start_work().complete()
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.is_retryable) == ("content_filtered", False)
    assert provider.requests()["total"] == 1


def test_without_such_a_list_a_filtered_answer_is_the_answer(gateway: Gateway) -> None:
    gateway(openai_model="gpt-content-filter")
    outcome = start_work().complete()
    assert outcome.output is not None
    assert outcome.output["stop_reason"] == "content_filter"
