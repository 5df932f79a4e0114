"""A planned call to its answer: which provider is asked, how often, and what comes back."""

from collections.abc import Callable

import pytest

from agentplatform.telemetry.metrics import CappedLabel, render_metrics
from apps.gateway.contracts import ToolSpec
from apps.gateway.models import LlmEvent
from apps.tenants.models import LedgerEntry
from tests.integration.gateway.calls import assert_settled, billed_tokens, events, start_work, use
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "minLength": 3}},
    "required": ["title"],
    "additionalProperties": False,
}


def test_an_answer_is_recorded_settled_and_counted_once(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work()
    outcome = work.complete()
    assert outcome.is_finished
    assert outcome.failure is None
    assert outcome.output is not None
    assert outcome.output["text"]
    assert (outcome.summary["provider"], outcome.summary["model"]) == ("openai", "gpt-4o-mini")
    assert outcome.tokens == billed_tokens(provider) == use(work).tokens_used
    [bill] = provider.billed()
    assert outcome.cost_nanos == bill["prompt_tokens"] * 150 + bill["completion_tokens"] * 600
    assert events(work) == [("openai", "success", "")]
    assert_settled(work)


@pytest.mark.parametrize(
    "model", [{"openai_model": "gpt-4o-mini"}, {"anthropic_model": "claude-haiku-4-5"}]
)
def test_the_providers_own_log_names_the_attempt(
    gateway: Gateway, provider: Provider, model: dict[str, str]
) -> None:
    gateway(**model)
    start_work().complete()
    [bill] = provider.billed()
    entry = LedgerEntry.objects.get()
    assert bill["headers"]["x-client-request-id"] == str(entry.attempt_id)


def test_a_short_outage_is_tried_again_at_the_same_provider(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini-fail-first-2")
    work = start_work()
    outcome = work.complete()
    assert outcome.failure is None
    assert events(work) == [
        ("openai", "failed", "unavailable"),
        ("openai", "failed", "unavailable"),
        ("openai", "success", ""),
    ]
    assert outcome.summary["fallback"] is False
    assert_settled(work)


@pytest.mark.parametrize(
    "fault", ["error-401", "error-402", "error-404", "error-400-context", "error-429-retry-60"]
)
def test_a_provider_that_cannot_serve_is_left_for_the_next(gateway: Gateway, fault: str) -> None:
    gateway(openai_model=f"gpt-4o-mini-{fault}", anthropic_model="claude-haiku-4-5")
    work = start_work()
    outcome = work.complete()
    assert outcome.failure is None
    assert (outcome.summary["provider"], outcome.summary["fallback"]) == ("anthropic", True)
    last = LlmEvent.objects.filter(run_id=work.run_id).latest("id")
    assert (last.previous_provider, last.is_fallback) == ("openai", True)
    assert len(events(work)) == 2
    assert_settled(work)


def test_a_silent_provider_leaves_time_for_the_next_and_is_charged_what_it_held(
    gateway: Gateway,
) -> None:
    gateway(openai_model="gpt-4o-mini-no-answer", call_deadline_seconds=4.0)
    work = start_work()
    outcome = work.complete()
    assert outcome.summary["provider"] == "anthropic"
    assert events(work)[0] == ("openai", "unknown", "timeout")
    lost = LedgerEntry.objects.get(is_confirmed=False)
    assert lost.tokens == lost.reserved_tokens
    assert_settled(work)


def test_a_bad_request_is_asked_once_and_named(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini-error-400")
    work = start_work()
    failure = work.complete().failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("bad_request", False)
    assert len(events(work)) == 1
    assert_settled(work)


def test_when_all_fail_the_failure_lists_every_attempt(gateway: Gateway) -> None:
    gateway(openai_model="ok-error-401-tag-all", anthropic_model="ok-error-500-tag-all")
    work = start_work()
    failure = work.complete().failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("providers_failed", True)
    assert failure.detail.count("anthropic:") == 3
    assert "openai:ok-error-401-tag-all authentication_failed" in failure.detail
    assert_settled(work)


def test_without_a_provider_the_failure_says_what_to_set(gateway: Gateway) -> None:
    gateway(on="")
    failure = start_work().complete().failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("no_provider", False)
    assert "OPENAI_API_KEY" in failure.detail


def test_the_local_provider_serves_only_what_is_not_critical(gateway: Gateway) -> None:
    gateway(on="openai local", openai_model="ok-error-401", local_llm_model="local")
    assert start_work().complete(critical=True).failure is not None
    assert start_work().complete(critical=False).summary["provider"] == "local"


def test_the_local_provider_serves_everything_where_it_is_alone(gateway: Gateway) -> None:
    gateway(on="local", local_llm_model="local")
    outcome = start_work().complete(critical=True)
    assert (outcome.summary["provider"], outcome.cost_nanos) == ("local", 0)


def test_a_pinned_model_is_that_model_alone(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    outcome = work.complete(model="anthropic:claude-sonnet-4-6")
    assert (outcome.summary["provider"], outcome.summary["model"]) == (
        "anthropic",
        "claude-sonnet-4-6",
    )


def test_structured_output_is_validated(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini")
    outcome = start_work().complete(response_schema=SCHEMA)
    assert outcome.output is not None
    assert len(outcome.output["parsed"]["title"]) >= 3


def test_output_that_breaks_the_schema_is_paid_tried_twice_and_reported(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(on="openai", openai_model="gpt-4o-mini-invalid-output")
    work = start_work()
    failure = work.complete(response_schema=SCHEMA).failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("invalid_output", True)
    assert len(events(work)) == 2
    assert use(work).tokens_used == billed_tokens(provider)


def test_a_response_schema_that_is_no_schema_is_refused(gateway: Gateway) -> None:
    gateway()
    failure = start_work().complete(response_schema={"type": "nonsense"}).failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("invalid", False)


def test_tool_calls_come_back(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini")
    tool = ToolSpec(
        name="add",
        description="Add.",
        parameters={
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "required": ["a"],
        },
    )
    outcome = start_work().complete(tools=(tool,))
    assert outcome.output is not None
    assert [call["name"] for call in outcome.output["tool_calls"]] == ["add", "add"]


@pytest.mark.parametrize("fault", ["nul-text", "surrogate-text", "usage-above", "missing-usage"])
def test_odd_answers_are_recorded(gateway: Gateway, fault: str) -> None:
    gateway(openai_model=f"gpt-4o-mini-{fault}")
    work = start_work()
    outcome = work.complete()
    assert outcome.failure is None
    assert LedgerEntry.objects.get().is_confirmed is (fault != "missing-usage")
    assert_settled(work)


def test_attempts_are_counted(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.gateway.services.count_attempt.tenant_label", CappedLabel(1))
    gateway(openai_model="gpt-4o-mini-tag-metrics")
    work = start_work()
    work.complete()
    text = render_metrics().decode()
    labels = 'model="gpt-4o-mini-tag-metrics",provider="openai"'
    assert f'llm_requests_total{{{labels},status="success"}} 1.0' in text
    assert f"llm_latency_seconds_count{{{labels}}} 1.0" in text
    assert f'tenant_id="{work.tenant_id}"' in text
