"""What SQS does and Valkey does not: it loses all messages while the counters stay, and delivers a
message again to whoever asks, though its first worker lives."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from celery import current_app

from agentplatform.core.queue_lengths import count_messages
from apps.gateway.models import LlmCall
from apps.runs.models import Run
from apps.tools.models import ToolCall
from tests.chaos.passing import pass_time
from tests.chaos.stack import COUNT, SAY, Stack
from tests.sqs import VISIBILITY_SECONDS

pytestmark = pytest.mark.thorough

BROKER = "sqs"
SOON = 2
"""Seconds after which a message that was received is delivered again."""
NOWHERE = str(uuid4())
HARMLESS = {
    "steps": ("runs.advance_run", {"run_id": NOWHERE}),
    "llm": ("gateway.complete", {"call_ids": [NOWHERE]}),
    "tools": ("tools.execute", {"call_id": NOWHERE}),
}
SLOW = "latency-5000"


@contextmanager
def redelivering(stack: Stack, queue: str) -> Iterator[None]:
    """What the readers of this queue do not finish SOON comes again, inside the block."""
    sqs = stack.servers.sqs
    sqs.redeliver_after(SOON, queue=queue)
    try:
        task, keywords = HARMLESS[queue]
        current_app.send_task(task, kwargs=keywords)
        stack.fleet.wait_until(
            lambda: count_messages([queue]) == 0, what="the end of the question asked before"
        )
        yield
    finally:
        sqs.redeliver_after(VISIBILITY_SECONDS, queue=queue)


@contextmanager
def standing_still(stack: Stack, pool: str) -> Iterator[None]:
    """This pool's worker does nothing inside the block, and beat, so that nobody recovers."""
    stack.fleet.suspend("beat")
    stack.fleet.signal(pool, signal.SIGSTOP)
    try:
        yield
    finally:
        stack.fleet.signal(pool, signal.SIGCONT)
        stack.fleet.resume("beat")


def statuses() -> set[str]:
    return set(Run.objects.values_list("status", flat=True))


def test_sqs_may_forget_every_message(stack: Stack) -> None:
    stack.provider.control(behaviour="latency-300")
    for _ in range(10):
        stack.start_run()
    stack.servers.restart_sqs()
    pass_time()
    stack.audit(deaths=0)
    assert statuses() == {"COMPLETED"}


def test_runs_that_are_accepted_while_sqs_is_away_are_sent_later(stack: Stack) -> None:
    stack.servers.crash_sqs()
    for _ in range(3):
        stack.start_run()
    stack.servers.await_sqs()
    pass_time()
    stack.audit(deaths=0)
    assert statuses() == {"COMPLETED"}


def test_a_message_that_comes_again_while_its_worker_lives_is_let_go(stack: Stack) -> None:
    stack.provider.control(behaviour=SLOW)
    stack.count_passings("before_task@gateway.complete")
    with redelivering(stack, "llm"):
        run = stack.start_run([{**SAY, "name": "only"}])
        stack.audit(deaths=0)
    run.refresh_from_db()
    assert run.status == "COMPLETED"
    assert LlmCall.objects.get().executions == 1
    assert stack.passings("before_task@gateway.complete") > 1


@pytest.mark.parametrize(
    ("queue", "point"),
    [
        ("steps", "before_ack@runs.resume_step"),
        ("llm", "after_answer@gateway.complete"),
        ("tools", "after_claim@tools.execute"),
    ],
)
def test_a_worker_that_wakes_up_finds_its_message_worked_off(
    stack: Stack, queue: str, point: str
) -> None:
    """The queue hands the message to a second worker."""
    stack.arm(point, how="STOP")
    with redelivering(stack, queue):
        run = stack.start_run([{**(COUNT if queue == "tools" else SAY), "name": "only"}])
        stack.wait_for_death()
        with standing_still(stack, queue):
            pass_time()
            with stack.fleet.hired(queue):
                stack.await_runs()
        stack.audit(deaths=1)
    run.refresh_from_db()
    assert run.status == "COMPLETED"
    [call] = [*LlmCall.objects.all(), *ToolCall.objects.all()]
    assert call.executions == (1 if queue == "steps" else 2)
