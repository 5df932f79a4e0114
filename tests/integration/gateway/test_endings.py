"""Ends of calls that are written together."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.ids import new_id
from apps.gateway.contracts import Usage
from apps.gateway.facade import cancel_calls
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.attempt import Attempt, CallOwner
from apps.gateway.services.books import Books
from apps.gateway.services.claims import Claimed, Claims
from apps.gateway.services.endings import Ending
from apps.gateway.states import ATTEMPT_SUCCESS
from tests.integration.gateway.calls import Work, start_work

pytestmark = pytest.mark.django_db(transaction=True)


def claim(*call_ids: UUID, minutes_ago: int = 0) -> Claimed:
    async def take() -> Claimed:
        claims = Claims()
        try:
            return await claims.claim(call_ids, at=now() - timedelta(minutes=minutes_ago))
        finally:
            await claims.close()

    return asyncio.run(take())


def write(*wanted: Ending) -> list[bool | BaseException]:
    async def end() -> list[bool | BaseException]:
        books = Books()
        try:
            return await asyncio.gather(
                *(books.write(one) for one in wanted), return_exceptions=True
            )
        finally:
            await books.close()

    return asyncio.run(end())


def answer(owner: CallOwner, token: UUID, **changes: object) -> Ending:
    attempt = Attempt(
        attempt_id=new_id(),
        provider="openai",
        model="ok",
        status=ATTEMPT_SUCCESS,
        charged=Usage(prompt_tokens=3, completion_tokens=4),
        cost_nanos=None,
        is_confirmed=True,
        latency_ms=1,
        previous_provider="",
    )
    said = {"attempt": attempt, "response": {"text": "yes"}, "at": now()} | changes
    return Ending(owner=owner, token=token, **said)  # type: ignore[arg-type]


def claimed_twice(work: Work) -> tuple[Ending, Ending]:
    """The answers of a worker that lost its call and of the one that took it over."""
    call_id = work.plan()
    (lost,) = claim(call_id, minutes_ago=2).calls
    (held,) = claim(call_id).calls
    return answer(lost.owner, lost.token), answer(held.owner, held.token)


def test_of_two_answers_to_a_call_in_one_batch_the_one_with_the_fence_counts() -> None:
    late, kept = claimed_twice(start_work())
    assert write(late, kept) == [False, True]
    discarded = dict(LlmEvent.objects.values_list("attempt_id", "is_discarded"))
    assert late.attempt is not None
    assert kept.attempt is not None
    assert discarded == {late.attempt.attempt_id: True, kept.attempt.attempt_id: False}
    call = LlmCall.objects.get()
    assert (call.status, call.prompt_tokens, call.completion_tokens) == ("SUCCESS", 3, 4)
    assert call.cost_nanos is None


def test_an_end_that_is_written_again_changes_nothing() -> None:
    (call,) = claim(start_work().plan()).calls
    ending = answer(call.owner, call.token)
    assert write(ending) == [True]
    before = LlmCall.objects.values().get(), LlmEvent.objects.values().get()
    assert write(ending) == [False]
    assert (LlmCall.objects.values().get(), LlmEvent.objects.values().get()) == before


def test_calls_of_many_tenants_end_in_one_batch() -> None:
    claimed = [claim(start_work().plan()).calls[0] for _ in range(3)]
    failure = CallFailure(code="no", detail="No.", is_retryable=False)
    first, *others = (answer(one.owner, one.token) for one in claimed)
    failed = Ending(owner=first.owner, token=first.token, failure=failure, at=now())
    assert write(failed, *others) == [True, True, True]
    assert sorted(LlmCall.objects.values_list("status", flat=True)) == [
        "FAILED",
        "SUCCESS",
        "SUCCESS",
    ]


def test_an_end_that_the_database_refuses_does_not_fail_the_others() -> None:
    claimed = [claim(start_work().plan()).calls[0] for _ in range(2)]
    good, bad = (answer(one.owner, one.token) for one in claimed)
    endless = answer(bad.owner, bad.token, duration_ms=2**40)
    kept, refused = write(good, endless)
    assert kept is True
    assert isinstance(refused, psycopg.DataError)
    assert LlmCall.objects.get(id=good.owner.call_id).status == "SUCCESS"


def test_calls_that_end_while_their_run_is_cancelled_end_once_and_nobody_is_stuck() -> None:
    for _ in range(10):
        work = start_work()
        calls = claim(*(work.plan(index=index) for index in range(8))).calls
        answers = [answer(call.owner, call.token) for call in reversed(calls)]
        with ThreadPoolExecutor(2) as pool:
            cancelling = pool.submit(
                copy_context().run, lambda work=work: cancel_and_close(work.run_id)
            )
            kept = write(*answers)
        cancelled = cancelling.result()
        assert kept.count(True) + cancelled == len(calls)
        statuses = LlmCall.objects.filter(run_id=work.run_id).values_list("status", flat=True)
        assert set(statuses) <= {"SUCCESS", "CANCELLED"}


def cancel_and_close(run_id: UUID) -> int:
    with brief_connection():
        return cancel_calls(run_id=run_id, at=now())


def test_a_message_takes_the_calls_of_one_tenant_only() -> None:
    own, foreign = start_work().plan(), start_work().plan()
    claimed = claim(own, foreign)
    assert [call.owner.call_id for call in claimed.calls] == [own]
    assert claimed.missed == (foreign,)


def test_calls_that_are_gone_are_nobodys() -> None:
    gone = new_id()
    assert claim(gone) == Claimed(calls=(), missed=(gone,), tenant_id=None)
