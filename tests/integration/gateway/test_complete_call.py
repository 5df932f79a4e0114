"""A planned call from its claim to its settled answer, held against the provider's own bill."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from agentplatform.calls.claim import claim_row
from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from agentplatform.telemetry.metrics import render_metrics
from apps.gateway.contracts import ToolSpec
from apps.gateway.facade import cancel_calls, due_calls, mark_dispatched, usage_of_run
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.complete_call import complete_call
from apps.gateway.services.expire_reservations import expire_reservations
from apps.gateway.tasks import complete
from apps.tenants.contracts import BudgetUse
from apps.tenants.facade import budget_use
from apps.tenants.models import Account, LedgerEntry, Reservation, Tenant
from tests.integration.gateway.calls import Work, start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "minLength": 3}},
    "required": ["title"],
    "additionalProperties": False,
}


def use(work: Work) -> BudgetUse:
    return budget_use(tenant_id=work.tenant_id, at=now())


def events(work: Work) -> list[tuple[str, str, str]]:
    rows = LlmEvent.objects.filter(run_id=work.run_id).order_by("id")
    return [(row.provider, row.status, row.error_code) for row in rows]


def billed_tokens(provider: Provider) -> int:
    return sum(bill["prompt_tokens"] + bill["completion_tokens"] for bill in provider.billed())


def assert_settled(work: Work) -> None:
    """Nothing is held, and posted is the sum of the ledger."""
    assert not Reservation.objects.exists()
    ledger = sum(LedgerEntry.objects.values_list("tokens", flat=True))
    for account in Account.objects.filter(tenant_id=work.tenant_id, unit="tokens"):
        assert (account.reserved, account.posted) == (0, ledger)


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


def test_a_second_delivery_pays_nothing(gateway: Gateway, provider: Provider) -> None:
    gateway()
    work = start_work()
    call_id = work.plan()
    assert complete(call_id=str(call_id), from_a_newer_release=1) == str(call_id)
    before = work.outcome(call_id)
    assert complete(call_id=str(call_id)) == str(call_id)
    assert work.outcome(call_id) == before
    assert len(provider.billed()) == 1


def test_two_deliveries_at_once_ask_once(gateway: Gateway, provider: Provider) -> None:
    gateway(openai_model="ok-latency-200")
    work = start_work()
    call_id = work.plan()
    threads = [
        threading.Thread(target=complete_call, kwargs={"call_id": call_id, "clock": now})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert work.outcome(call_id).failure is None
    assert len(provider.billed()) == 1


def test_planning_again_finds_the_call(gateway: Gateway) -> None:
    work = start_work()
    assert work.plan() == work.plan()
    assert work.plan(index=1) != work.plan()


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
        threading.Thread(target=complete_call, kwargs={"call_id": one, "clock": now})
        for one in call_ids
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


def test_a_cancelled_call_never_starts(gateway: Gateway, provider: Provider) -> None:
    gateway()
    work = start_work()
    call_id = work.plan()
    assert cancel_calls(run_id=work.run_id, at=now()) == 1
    complete_call(call_id=call_id, clock=now)
    failure = work.outcome(call_id).failure
    assert failure is not None
    assert failure.code == "cancelled"
    assert provider.billed() == []


def test_an_answer_after_the_call_was_cancelled_is_paid_and_not_used(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini-latency-600")
    work = start_work()
    call_id = work.plan()
    thread = threading.Thread(target=complete_call, kwargs={"call_id": call_id, "clock": now})
    thread.start()
    while not provider.requests()["in_flight"]:
        pass
    cancel_calls(run_id=work.run_id, at=now())
    thread.join()
    assert LlmCall.objects.get().status == "CANCELLED"
    assert LlmEvent.objects.get().is_discarded
    assert use(work).tokens_used == billed_tokens(provider) > 0
    assert_settled(work)


def test_a_call_whose_worker_died_is_taken_over_and_its_attempt_charged(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work()
    call_id = work.plan()
    assert claim_row(LlmCall, call_id=call_id, at=now() - timedelta(minutes=1)) is not None
    assert [due.call_id for due in due_calls(at=now(), limit=10)] == [call_id]
    complete_call(call_id=call_id, clock=now)
    assert work.outcome(call_id).failure is None


def test_a_call_that_lost_three_workers_is_given_up(gateway: Gateway) -> None:
    work = start_work()
    call_id = work.plan()
    for minute in range(4, 1, -1):
        assert claim_row(LlmCall, call_id=call_id, at=now() - timedelta(minutes=minute)) is not None
    assert claim_row(LlmCall, call_id=call_id, at=now()) is None
    failure = work.outcome(call_id).failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("worker_lost", False)


def test_an_expired_reservation_is_charged_and_has_its_event(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work()
    monkeypatch.setattr("apps.gateway.services.complete_call.finish_call", _die)
    with pytest.raises(SystemExit):
        work.complete()
    monkeypatch.undo()
    assert expire_reservations(at=now()) == 0
    later = now() + timedelta(minutes=10)
    assert expire_reservations(at=later) == 1
    assert expire_reservations(at=later) == 0
    event = LlmEvent.objects.get()
    assert (event.provider, event.status, event.is_confirmed) == ("openai", "unknown", False)
    assert (event.call_id, event.step_id) == (LlmCall.objects.get().id, work.step_id)
    assert_settled(work)


def _die(**_: object) -> bool:
    raise SystemExit


def test_only_lost_messages_are_due(gateway: Gateway) -> None:
    work = start_work()
    fresh, sent, lost, unsent = (work.plan(index=index) for index in range(4))
    mark_dispatched(call_ids=[sent], at=now())
    mark_dispatched(call_ids=[lost], at=now() - timedelta(minutes=1))
    LlmCall.objects.filter(id=unsent).update(created_at=now() - timedelta(seconds=3))
    assert {due.call_id for due in due_calls(at=now(), limit=10)} == {lost, unsent}
    assert fresh not in {due.call_id for due in due_calls(at=now(), limit=10)}


def test_a_suspended_tenant_is_not_served(gateway: Gateway, provider: Provider) -> None:
    gateway()
    work = start_work()
    Tenant.objects.filter(id=work.tenant_id).update(status="suspended")
    failure = work.complete().failure
    assert failure is not None
    assert failure.code == "tenant_inactive"
    assert provider.billed() == []


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


def test_attempts_are_counted(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini-tag-metrics")
    work = start_work()
    work.complete()
    text = render_metrics().decode()
    labels = 'model="gpt-4o-mini-tag-metrics",provider="openai"'
    assert f'llm_requests_total{{{labels},status="success"}} 1.0' in text
    assert f"llm_latency_seconds_count{{{labels}}} 1.0" in text
    assert f'tenant_id="{work.tenant_id}"' in text


def test_no_transaction_is_held_while_a_provider_works(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model="gpt-4o-mini-latency-500")
    work = start_work()
    call_id = work.plan()
    thread = threading.Thread(target=complete_call, kwargs={"call_id": call_id, "clock": now})
    thread.start()
    while not provider.requests()["in_flight"]:
        pass
    with transaction():
        locked = LlmCall.objects.select_for_update(nowait=True).get()
        accounts = list(Account.objects.select_for_update(nowait=True))
    thread.join()
    assert locked.status == "RUNNING"
    assert sum(account.reserved for account in accounts) > 0
