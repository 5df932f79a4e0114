"""The trace goes with a task's message to its worker and on to what the task sends."""

from uuid import uuid4

import pytest
import structlog
from celery import chain, chord
from celery.contrib.testing.worker import start_worker

from agentplatform.celery import app
from agentplatform.core.tasks import EVERY_TENANT, platform_task
from agentplatform.core.wait import wait_for
from agentplatform.telemetry.trace import current_trace_id

seen: list[tuple[str, str | None]] = []


@platform_task(name="test_trace.second", of=EVERY_TENANT)
def second(*, mark):
    seen.append((mark, current_trace_id()))


@platform_task(name="test_trace.first", of=EVERY_TENANT)
def first(*, mark):
    seen.append((mark, current_trace_id()))
    second.apply_async(kwargs={"mark": mark}, queue="test-trace")


@pytest.fixture
def worker(monkeypatch):
    """It reads one queue only, which the application would remember."""
    monkeypatch.setattr(app.amqp.queues, "_consume_from", None)
    seen.clear()
    with start_worker(
        app, perform_ping_check=False, pool="solo", queues=["test-trace"], loglevel="ERROR"
    ):
        yield
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("worker")
def test_a_task_and_its_children_belong_to_the_trace_of_their_sender():
    mark = str(uuid4())
    with structlog.contextvars.bound_contextvars(trace_id="t" * 32):
        first.apply_async(kwargs={"mark": mark}, queue="test-trace")
    wait_for(lambda: len(seen) == 2, timeout_seconds=20, what="two tasks")
    assert seen == [(mark, "t" * 32)] * 2


@pytest.mark.usefixtures("worker")
def test_a_task_that_nobody_traced_starts_a_trace():
    first.apply_async(kwargs={"mark": "m"}, queue="test-trace")
    wait_for(lambda: len(seen) == 2, timeout_seconds=20, what="two tasks")
    assert len(seen[0][1]) == 32
    assert seen[0] == seen[1]


@pytest.mark.usefixtures("worker")
def test_a_chain_and_a_chord_stay_in_their_trace():
    one, two = (second.si(mark=mark).set(queue="test-trace") for mark in "ab")
    with structlog.contextvars.bound_contextvars(trace_id="c" * 32):
        chain(one, two).apply_async()
        chord([one, two])(second.si(mark="body").set(queue="test-trace"))
    wait_for(lambda: len(seen) == 5, timeout_seconds=20, what="five tasks")
    assert {trace_id for _, trace_id in seen} == {"c" * 32}
