"""A worker that is told to stop: what can finish does, and another one takes the rest at once."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agentplatform.core import drain
from agentplatform.core.clock import now
from agentplatform.core.leases import CALL_LEASE
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall, LlmEvent
from apps.runs.models import Run
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.recover import recover
from apps.runs.services.run_on import run_on
from apps.tenants.models import Reservation
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, Sent, step_of
from tests.integration.runs.worker_process import running_worker
from tests.provider import Provider

pytestmark = pytest.mark.usefixtures("empty_queues")

SAY = {"name": "a", "kind": "llm", "prompt": "Say hi."}
SLEEP = {"name": "a", "kind": "tool", "tool": "code",
         "arguments": {"program": "import time; time.sleep(60)"}}  # fmt: skip
LONG = "latency-60000"
Worker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path, provider_process: Provider) -> Iterator[Worker]:
    """`start("llm", drain_seconds=1)` is a worker that reads its queues."""
    provider_process.reset()
    open_workers = []

    def worker(pool: str, *, drain_seconds: float) -> "subprocess.Popen[bytes]":
        context = running_worker(
            pool,
            log=tmp_path / f"{len(open_workers)}.log",
            DRAIN_SECONDS=str(drain_seconds),
            OPENAI_API_KEY="test",
            OPENAI_BASE_URL=provider_process.openai_base_url,
            OPENAI_MODEL="gpt-4o-mini",
        )
        open_workers.append(context)
        return context.__enter__()

    yield worker
    for context in open_workers:
        context.__exit__(None, None, None)


def asked(run: Run) -> Run:
    """The run, whose first step waits for its call; the message is sent."""
    advance_run(run_id=run.id, at=now())
    execute_step(step_id=step_of(run, "a").id, turn=0, at=now())
    return run


def wait_until_asked(provider: Provider) -> None:
    wait_for(
        lambda: provider.requests()["in_flight"] == 1, timeout_seconds=20, what="the model call"
    )


def stop(worker: "subprocess.Popen[bytes]", *, within_seconds: float) -> None:
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=within_seconds) == 0


def test_an_answer_that_comes_in_time_is_recorded_and_paid_once(
    make_run: RunMaker, start: Worker, provider_process: Provider, sent: Sent
) -> None:
    worker = start("llm", drain_seconds=20)
    provider_process.control(behaviour="latency-2000")
    asked(make_run([SAY]))
    wait_until_asked(provider_process)
    sent()
    worker.send_signal(signal.SIGTERM)
    stop(worker, within_seconds=10)
    call = LlmCall.objects.get()
    assert (call.status, call.executions) == ("SUCCESS", 1)
    assert len(provider_process.billed()) == 1
    assert sent() == [("runs.resume_step", {"step_id": str(call.step_id), "turn": 0})]


def test_another_worker_takes_a_model_call_that_does_not_finish(
    make_run: RunMaker, start: Worker, provider_process: Provider
) -> None:
    first = start("llm", drain_seconds=1)
    provider_process.control(behaviour=LONG)
    asked(make_run([SAY]))
    wait_until_asked(provider_process)
    provider_process.control(behaviour="latency-0")
    start("llm", drain_seconds=1)
    call = LlmCall.objects.get()
    first.send_signal(signal.SIGTERM)
    wait_for(
        lambda: LlmCall.objects.filter(executions=0).exists(), timeout_seconds=20, what="the drain"
    )
    began = time.monotonic()

    def is_taken() -> bool:
        recover(at=now())
        call.refresh_from_db()
        return call.executions == 1

    wait_for(is_taken, timeout_seconds=20, every_seconds=0.2, what="the other worker")
    assert time.monotonic() - began < 10  # a lease lasts 15
    wait_for(
        lambda: LlmCall.objects.filter(status="SUCCESS").exists(),
        timeout_seconds=20,
        what="the answer",
    )
    assert first.wait(timeout=10) == 0
    assert LlmCall.objects.get().executions == 1
    events = LlmEvent.objects.values_list("error_code", "is_confirmed")
    assert sorted(events) == [("", True), ("abandoned", False)]
    assert not Reservation.objects.exists()


def test_a_tool_call_that_does_not_finish_is_given_back_and_its_sandbox_killed(
    make_run: RunMaker, start: Worker
) -> None:
    worker = start("tools", drain_seconds=1)
    run = asked(make_run([SLEEP]))
    call = ToolCall.objects.get()
    wait_for(
        lambda: ToolCall.objects.filter(status="RUNNING").exists(), timeout_seconds=20, what="start"
    )
    stop(worker, within_seconds=8)
    call.refresh_from_db()
    assert (call.status, call.executions, call.dispatched_at) == ("RUNNING", 0, None)
    assert call.lease_expires_at
    assert call.lease_expires_at <= now()
    assert recover(at=now()) == {"calls": 1}
    cancel_run(run_id=run.id, at=now())


def test_a_worker_that_is_killed_while_it_drains_loses_nothing(
    make_run: RunMaker, start: Worker, provider_process: Provider, sent: Sent
) -> None:
    worker = start("llm", drain_seconds=20)
    provider_process.control(behaviour=LONG)
    run = asked(make_run([SAY]))
    wait_until_asked(provider_process)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGTERM)
    worker.kill()
    worker.wait()
    sent()
    later = now() + CALL_LEASE

    def sent_again() -> list[tuple[str, dict[str, Any]]]:
        """On SQS the last question of the killed worker may still take a message, or several."""
        nonlocal later
        later += timedelta(minutes=1)
        assert recover(at=later) == {"calls": 1}
        return sent()

    found = wait_for(sent_again, timeout_seconds=30, every_seconds=1, what="the call to be sent")
    assert found == [("gateway.complete", {"call_ids": [str(LlmCall.objects.get().id)]})]
    cancel_run(run_id=run.id, at=now())


def test_an_idle_worker_ends_at_once(start: Worker, db: None) -> None:
    for pool in ("steps", "llm"):
        stop(start(pool, drain_seconds=20), within_seconds=10)


@pytest.fixture
def draining() -> Iterator[None]:
    """This process was told to stop."""
    drain._told[0] = 1
    yield
    drain._told[0] = 0


def test_a_worker_that_stops_leaves_the_next_step_to_another(
    make_run: RunMaker, sent: Sent, draining: None
) -> None:
    run = make_run([SLEEP])
    sent()
    run_on(advance_run(run_id=run.id, at=now()), clock=now)
    step = step_of(run, "a")
    assert step.status == "QUEUED"
    assert sent() == [("runs.execute_step", {"step_id": str(step.id), "turn": 0})]
