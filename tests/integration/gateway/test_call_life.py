"""Deliveries, cancellations and dead workers: a call is done once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from agentplatform.calls.claim import claim_row
from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from agentplatform.core.wait import wait_for
from apps.gateway.facade import cancel_calls, due_calls, mark_dispatched
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.complete_calls import complete_calls
from apps.gateway.tasks import complete
from apps.tenants.models import Account, Tenant
from tests.integration.gateway.calls import (
    Work,
    assert_settled,
    billed_tokens,
    start_work,
    use,
)
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]
SLOW = "gpt-4o-mini-latency-1000"


@contextmanager
def under_way(work: Work, provider: Provider) -> Iterator[None]:
    """A call of `work` that the provider works on; it is over afterwards."""
    ids = [str(work.plan())]
    thread = threading.Thread(target=complete, kwargs={"call_ids": ids})
    thread.start()
    try:
        wait_for(lambda: provider.requests()["in_flight"], timeout_seconds=30, what="the provider")
        yield
    finally:
        thread.join()


def test_a_second_delivery_pays_nothing(gateway: Gateway, provider: Provider) -> None:
    gateway()
    work = start_work()
    call_id = work.plan()
    complete(call_ids=[str(call_id)], from_a_newer_release=1)
    before = work.outcome(call_id)
    complete(call_ids=[str(call_id)])
    assert work.outcome(call_id) == before
    assert len(provider.billed()) == 1


def test_two_deliveries_at_once_ask_once(gateway: Gateway, provider: Provider) -> None:
    gateway(openai_model="ok-latency-200")
    work = start_work()
    call_id = work.plan()
    threads = [
        threading.Thread(target=complete, kwargs={"call_ids": [str(call_id)]}) for _ in range(4)
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


def test_a_cancelled_call_never_starts(gateway: Gateway, provider: Provider) -> None:
    gateway()
    work = start_work()
    call_id = work.plan()
    assert cancel_calls(run_id=work.run_id, at=now()) == 1
    complete_calls(call_ids=[call_id], clock=now)
    failure = work.outcome(call_id).failure
    assert failure is not None
    assert failure.code == "cancelled"
    assert provider.billed() == []


def test_an_answer_after_the_call_was_cancelled_is_paid_and_not_used(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model=SLOW)
    work = start_work()
    with under_way(work, provider):
        cancel_calls(run_id=work.run_id, at=now())
    assert LlmCall.objects.get().status == "CANCELLED"
    assert LlmEvent.objects.get().is_discarded
    assert use(work).tokens_used == billed_tokens(provider) > 0
    assert_settled(work)


def test_a_call_whose_worker_died_is_taken_over_and_its_attempt_charged(gateway: Gateway) -> None:
    gateway(openai_model="gpt-4o-mini")
    work = start_work()
    call_id = work.plan()
    mark_dispatched(call_ids=[call_id], at=now() - timedelta(minutes=1))
    assert claim_row(LlmCall, call_id=call_id, at=now() - timedelta(minutes=1)) is not None
    assert [due.call_id for due in due_calls(at=now(), limit=10)] == [call_id]
    complete_calls(call_ids=[call_id], clock=now)
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


def test_only_lost_messages_are_due(gateway: Gateway) -> None:
    work = start_work()
    fresh, sent, lost, unsent = (work.plan(index=index) for index in range(4))
    mark_dispatched(call_ids=[sent], at=now())
    mark_dispatched(call_ids=[lost], at=now() - timedelta(minutes=1))
    mark_dispatched(call_ids=[unsent], at=None)
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


def test_no_transaction_is_held_while_a_provider_works(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(openai_model=SLOW)
    work = start_work()
    with under_way(work, provider), transaction():
        locked = LlmCall.objects.select_for_update(nowait=True).get()
        accounts = list(Account.objects.select_for_update(nowait=True))
    assert locked.status == "RUNNING"
    assert sum(account.reserved for account in accounts) > 0
