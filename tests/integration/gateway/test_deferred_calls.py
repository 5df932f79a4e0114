"""Calls of the Celery door beyond a rate limit: they wait in their rows, and lose nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import redis
from django.conf import settings

from agentplatform.core.clock import now
from agentplatform.core.transactions import transaction
from apps.gateway.facade import cancel_calls, due_calls
from apps.gateway.models import LlmCall
from apps.gateway.services.complete_calls import complete_calls
from apps.gateway.services.engine import reset_engine
from apps.tenants.contracts import EACH_USER, OWN_RATE, Rate, RateOwner
from apps.tenants.facade import open_run_account
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_user import create_user
from apps.tenants.services.rate_limit import set_rate_limit
from tests.integration.gateway.calls import Work, assert_settled, start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]
MINUTE = timedelta(seconds=62)


def _limit(
    work: Work, owner: RateOwner = OWN_RATE, *, requests: int | None = None, **more: Any
) -> None:
    rate = Rate(requests_per_minute=requests, **({"tokens_per_minute": None} | more))
    set_rate_limit(tenant_id=work.tenant_id, owner=owner, rate=rate, at=now())


def _complete(*call_ids: UUID, at: datetime | None = None) -> None:
    complete_calls(call_ids=call_ids, clock=(lambda: at) if at else now)


def _forget_counts() -> None:
    """As if a minute had passed for every limit."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("rates:{*"):
            client.delete(key)


def _states(work: Work) -> list[str]:
    rows = LlmCall.objects.filter(run_id=work.run_id).order_by("index")
    return list(rows.values_list("status", flat=True))


def test_a_call_over_the_limit_waits_in_its_row_and_is_answered_later(
    gateway: Gateway, provider: Provider
) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=2)
    ids = [work.plan(index=index) for index in range(3)]
    began = now()
    _complete(*ids)
    assert sorted(_states(work)) == ["QUEUED", "SUCCESS", "SUCCESS"]
    waiting = LlmCall.objects.get(run_id=work.run_id, status="QUEUED")
    assert waiting.next_attempt_at is not None
    assert timedelta(seconds=50) < waiting.next_attempt_at - began < timedelta(seconds=63)
    assert waiting.deferred_by == f"tenant {work.tenant_id} requests"
    assert (waiting.lease_token, waiting.executions, waiting.dispatched_at) == (None, 0, None)
    assert not work.outcome(waiting.id).is_finished
    assert len(provider.billed()) == 2
    _forget_counts()
    _complete(waiting.id, at=waiting.next_attempt_at)
    assert _states(work) == ["SUCCESS"] * 3
    assert len(provider.billed()) == 3
    assert_settled(work)


def test_a_waiting_call_is_due_at_its_time_and_not_before(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=1)
    first, second = (work.plan(index=index) for index in range(2))
    _complete(first)
    _complete(second)
    due_at = LlmCall.objects.get(id=second).next_attempt_at
    assert due_at is not None
    assert due_calls(at=due_at - timedelta(seconds=1), limit=9) == []
    assert [due.call_id for due in due_calls(at=due_at, limit=9)] == [second]


def test_a_message_that_comes_too_early_changes_nothing(
    gateway: Gateway, provider: Provider
) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=1)
    first, second = (work.plan(index=index) for index in range(2))
    _complete(first, second)
    before = list(LlmCall.objects.order_by("id").values())
    _forget_counts()
    _complete(first, second)
    assert list(LlmCall.objects.order_by("id").values()) == before
    assert len(provider.billed()) == 1


def test_waiting_calls_come_back_in_their_order_at_the_pace_of_the_limit(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=30, algorithm="token_bucket")
    _complete(*(work.plan(index=index) for index in range(30)))
    late = [work.plan(index=30 + index) for index in range(5)]
    _complete(*late[:3])
    _complete(*late[3:])
    rows = LlmCall.objects.in_bulk(late)
    times = [rows[one].next_attempt_at for one in late]
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert all(1 < gap < 3 for gap in gaps), gaps  # 30 a minute


def test_nobody_waits_longer_than_five_minutes_before_it_asks_again(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=1)
    began = now()
    _complete(*(work.plan(index=index) for index in range(9)))
    waits = [
        (row.next_attempt_at - began).total_seconds()
        for row in LlmCall.objects.filter(status="QUEUED")
        if row.next_attempt_at
    ]
    assert len(waits) == 8
    assert max(waits) < 301
    assert len(set(waits)) == 8


def test_a_waiting_call_can_be_cancelled(gateway: Gateway, provider: Provider) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=1)
    first, second = (work.plan(index=index) for index in range(2))
    _complete(first, second)
    assert cancel_calls(run_id=work.run_id, at=now()) == 1
    _forget_counts()
    _complete(first, second, at=now() + MINUTE)
    assert sorted(_states(work)) == ["CANCELLED", "SUCCESS"]
    assert len(provider.billed()) == 1


def test_waiting_costs_none_of_the_executions_that_a_call_has(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    _limit(work, requests=1)
    first, second = (work.plan(index=index) for index in range(2))
    _complete(first)
    at = now()
    for _ in range(5):
        _complete(second, at=at)
        row = LlmCall.objects.get(id=second)
        assert (row.status, row.executions) == ("QUEUED", 0)
        assert row.next_attempt_at is not None
        at = row.next_attempt_at


def test_a_call_that_alone_is_over_the_token_limit_fails_and_says_so(
    gateway: Gateway, provider: Provider
) -> None:
    gateway()
    work = start_work()
    _limit(work, tokens_per_minute=50)
    failure = work.complete(max_tokens=100).failure
    assert failure is not None
    assert (failure.code, failure.is_retryable) == ("rate_limit_exceeded", False)
    assert "50 tokens a minute" in failure.detail
    assert provider.billed() == []


def test_tokens_count_as_they_were_used_in_the_end(gateway: Gateway) -> None:
    gateway()
    work = start_work()
    _limit(work, tokens_per_minute=1100)
    assert work.complete(max_tokens=1000).failure is None
    reset_engine()  # what it has still to correct is corrected
    assert work.complete(index=1, max_tokens=1000).failure is None


@pytest.mark.parametrize("whose", ["user", "each user", "key"])
def test_users_and_keys_have_limits_of_their_own(gateway: Gateway, whose: str) -> None:
    gateway()
    work = start_work()
    user = create_user(tenant_id=work.tenant_id, email="a@x.org", role="admin", at=now())
    key = create_api_key(tenant_id=work.tenant_id, name="k", user_id=user.id, at=now())
    run = Work(tenant_id=work.tenant_id, run_id=work.step_id, step_id=work.run_id)
    with transaction():
        open_run_account(
            tenant_id=work.tenant_id,
            run_id=run.run_id,
            token_limit=None,
            user_id=user.id,
            api_key_id=key.api_key_id,
        )
    owners = {
        "user": RateOwner(user_id=user.id),
        "each user": EACH_USER,
        "key": RateOwner(api_key_id=key.api_key_id),
    }
    _limit(work, owners[whose], requests=1)
    _complete(run.plan(), run.plan(index=1))
    assert sorted(_states(run)) == ["QUEUED", "SUCCESS"]
    assert work.complete().failure is None  # nobody's but the tenant's


def test_one_tenant_waits_and_another_does_not(gateway: Gateway) -> None:
    gateway()
    busy, other = start_work(), start_work()
    _limit(busy, requests=1)
    _complete(busy.plan(), busy.plan(index=1))
    assert other.complete().failure is None
    assert sorted(_states(busy)) == ["QUEUED", "SUCCESS"]
