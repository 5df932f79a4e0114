"""When the message of a call is sent again."""

from datetime import timedelta

import pytest

from agentplatform.calls.claim import claim_row
from agentplatform.calls.dispatch import LOST_AFTER, UNSENT_AFTER, due_rows, mark_rows_dispatched
from agentplatform.core.clock import now
from agentplatform.core.leases import CALL_LEASE

SECOND = timedelta(seconds=1)


@pytest.fixture
def is_due(model):
    return lambda call, at: [due.call_id for due in due_rows(model, at=at, limit=9)] == [call.id]


@pytest.fixture
def send(model):
    return lambda call, at: mark_rows_dispatched(model, call_ids=[call.id], at=at)


@pytest.fixture
def claim(model):
    return lambda call, at: claim_row(model, call_id=call.id, at=at)


def test_a_message_that_could_not_be_sent_is_due_soon(plan, is_due, send):
    at = now()
    call = plan(at=at)
    send(call, None)
    assert not is_due(call, at + UNSENT_AFTER)
    assert is_due(call, at + UNSENT_AFTER + SECOND)


def test_a_message_that_was_sent_has_time_to_arrive(plan, is_due, send):
    at = now()
    call = plan(at=at)
    assert not is_due(call, at + LOST_AFTER)
    send(call, at + SECOND)
    assert not is_due(call, at + LOST_AFTER + SECOND)
    assert is_due(call, at + LOST_AFTER + 2 * SECOND)


def test_a_call_is_not_due_while_its_lease_lasts(plan, is_due, send, claim):
    at = now()
    call = plan(at=at)
    send(call, at - 2 * LOST_AFTER)
    claim(call, at)
    assert not is_due(call, at + CALL_LEASE - SECOND)


def test_an_abandoned_call_is_due_when_its_lease_has_expired(plan, is_due, send, claim):
    at = now()
    call = plan(at=at)
    send(call, at)
    claim(call, at)
    assert is_due(call, at + CALL_LEASE)


def test_an_abandoned_call_that_was_never_marked_as_sent_is_due(plan, is_due, claim):
    at = now()
    call = plan(at=at)
    claim(call, at)
    assert is_due(call, at + CALL_LEASE)


def test_the_message_of_an_abandoned_call_is_sent_once_and_again_when_it_seems_lost(
    plan, is_due, send, claim
):
    at = now()
    call = plan(at=at)
    send(call, at)
    claim(call, at)
    expired = at + CALL_LEASE
    sent = [
        second
        for second in range(65)
        if is_due(call, expired + second * SECOND)
        and (send(call, expired + second * SECOND) is None)
    ]
    assert sent == [0, 31, 62]


def test_a_call_that_is_abandoned_again_is_due_at_once(plan, is_due, send, claim):
    at = now()
    call = plan(at=at)
    claim(call, at)
    send(call, at + CALL_LEASE)
    claim(call, at + CALL_LEASE + SECOND)
    assert is_due(call, at + 2 * CALL_LEASE + SECOND)


def test_a_call_is_not_due_before_its_next_attempt(model, plan, is_due):
    at = now()
    call = plan(at=at - 60 * SECOND)
    model.objects.update(next_attempt_at=at)
    assert not is_due(call, at - SECOND)
    assert is_due(call, at)
