"""What calls may spend and what they are charged, held against the provider's own bill."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from agentplatform.telemetry.metrics import render_metrics
from apps.gateway.facade import usage_of_run
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.expire_reservations import expire_reservations
from apps.gateway.tasks import complete
from tests.integration.gateway.calls import (
    assert_settled,
    billed_tokens,
    start_work,
    use,
)
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]


def test_an_unknown_price_is_unknown_and_never_zero(gateway: Gateway) -> None:
    gateway(openai_model="ok")
    work = start_work()
    assert work.complete().cost_nanos is None
    assert usage_of_run(tenant_id=work.tenant_id, run_id=work.run_id).cost_nanos is None


def test_under_a_usd_budget_a_model_without_a_price_is_not_asked(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="ok", anthropic_model="claude-haiku-4-5")
    work = start_work(usd_nanos=10**9)
    outcome = work.complete()
    assert outcome.summary["provider"] == "anthropic"
    assert use(work).cost_nanos == outcome.cost_nanos
    assert len(provider.billed()) == 1


@pytest.mark.parametrize(
    ("limits", "scope"),
    [
        ({"token_budget": 20}, "tenant's monthly token"),
        ({"run_budget": 20}, "run's token"),
        ({"usd_nanos": 1000}, "tenant's monthly USD"),
    ],
)
def test_without_room_the_provider_is_not_asked_and_the_failure_names_the_budget(
    gateway: Gateway, provider: Provider, limits: dict[str, int], scope: str
) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work(**limits)
    failure = work.complete().failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("budget_exceeded", False)
    assert scope in failure.detail
    assert provider.billed() == []
    assert_settled(work)


def test_an_answer_is_bounded_by_what_is_left_of_the_budget(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini-tokens-500")
    work = start_work(run_budget=100)
    outcome = work.complete()
    assert outcome.output is not None
    assert outcome.output["stop_reason"] == "length"
    assert use(work).tokens_used <= 100
    assert outcome.tokens == billed_tokens(provider)


def test_ten_calls_that_race_never_pass_the_limit(gateway: Gateway, provider: Provider) -> None:
    gateway(openai_model="gpt-4o-mini-latency-50")
    work = start_work(run_budget=250)
    call_ids = [work.plan(index=index, max_tokens=60) for index in range(10)]
    threads = [
        threading.Thread(target=complete, kwargs={"call_ids": [str(one)]}) for one in call_ids
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [work.outcome(one).failure for one in call_ids]
    assert any(failure is None for failure in failures)
    assert {one.code for one in failures if one is not None} <= {"budget_exceeded"}
    assert billed_tokens(provider) == use(work).tokens_used <= 250
    assert_settled(work)


def test_an_expired_reservation_is_charged_and_has_its_event(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway(openai_model="gpt-4o-mini-tag-expired")
    work = start_work()
    monkeypatch.setattr("apps.gateway.services.books.Books.write", _die)
    with pytest.raises(RuntimeError, match="the worker died"):
        work.complete()
    monkeypatch.undo()
    assert expire_reservations(at=now()) == 0
    later = now() + timedelta(minutes=10)
    assert expire_reservations(at=later) == 1
    assert expire_reservations(at=later) == 0
    event = LlmEvent.objects.get()
    assert (event.provider, event.status, event.is_confirmed) == ("openai", "unknown", False)
    assert (event.call_id, event.step_id) == (LlmCall.objects.get().id, work.step_id)
    labels = 'model="gpt-4o-mini-tag-expired",provider="openai",status="unknown"'
    assert f"llm_requests_total{{{labels}}} 1.0" in render_metrics().decode()
    assert_settled(work)


async def _die(*_: object) -> bool:
    raise RuntimeError("the worker died")


def test_usage_of_a_run_adds_up_by_model(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work()
    outcomes = [work.complete(index=index) for index in range(2)]
    outcomes.append(work.complete(index=2, model="anthropic:claude-haiku-4-5"))
    usage = usage_of_run(tenant_id=work.tenant_id, run_id=work.run_id)
    assert (usage.calls, usage.total_tokens) == (3, sum(one.tokens for one in outcomes))
    assert [(one.model, one.attempts) for one in usage.models] == [
        ("claude-haiku-4-5", 1),
        ("gpt-4o-mini", 2),
    ]
    assert usage.cost_nanos == sum(one.cost_nanos or 0 for one in outcomes)
    assert usage_of_run(tenant_id=uuid4(), run_id=work.run_id).calls == 0
