"""Many runs under kills, flushes and crashes at random moments. CHAOS_SEED=n repeats a schedule;
`make chaos` takes the long form, of CHAOS_RUNS runs."""

import os
import random
import time
from collections import Counter

import pytest

from agentplatform.core.clock import now
from apps.gateway.models import LlmCall
from apps.runs.models import Run
from apps.runs.services.fork_run import retry_run
from apps.tenants.models import LedgerEntry
from apps.tools.models import ToolCall
from tests.chaos.passing import pass_time
from tests.chaos.schedule import Schedule, outcomes
from tests.chaos.stack import Stack

CHILDREN = 6
"""Of the worker of steps: with fewer of them a kill each 100 ms lets none get to work."""
IS_LONG = os.environ.get("CHAOS") == "long"
SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
RUNS = int(os.environ.get("CHAOS_RUNS") or 1000) if IS_LONG else 60
SECONDS, TIMES = (RUNS * 0.24, 3) if IS_LONG else (20.0, 1)
WITHIN_SECONDS = 1200.0 if IS_LONG else 150.0
MOST_GIVEN_UP = max(1, RUNS // 200)
"""A call or a turn that meets a kill three times is given up, whether it is to blame or not."""


@pytest.mark.timeout(1800)
def test_every_run_ends_once(stack: Stack) -> None:
    servers = ["flush", "crash", *(["loss"] if stack.broker == "sqs" else [])]
    schedule = Schedule(seed=SEED, runs=RUNS, seconds=SECONDS, faults=dict.fromkeys(servers, TIMES))
    print(f"CHAOS_SEED={SEED}", flush=True)
    stack.provider.control(behaviour="latency-300")  # so that kills meet calls in flight
    began = time.monotonic()
    schedule.carry_out(stack)
    hit = time.monotonic() - began
    print(f"{hit:.0f} s of faults: {dict(schedule.done)}; then {dict(outcomes())}", flush=True)
    if not IS_LONG:
        pass_time()  # the last losses are noticed now, not when leases and messages are overdue
    stack.await_end(timeout_seconds=WITHIN_SECONDS)
    unconfirmed = LedgerEntry.objects.filter(is_confirmed=False).count()
    print(
        f"{time.monotonic() - began:.0f} s: {dict(outcomes())}; {LlmCall.objects.count()} calls,"
        f" {len(stack.provider.billed())} bills, {unconfirmed} unconfirmed;"
        f" calls by workers: {dict(executions())}",
        flush=True,
    )
    stack.audit(within_seconds=WITHIN_SECONDS, poisoned=None)
    assert outcomes().total() == RUNS
    given_up = list(Run.objects.exclude(status="COMPLETED"))
    assert all(run.status == "FAILED" and run.error["code"] == "worker_lost" for run in given_up)
    assert len(given_up) <= MOST_GIVEN_UP
    for run in given_up:
        retry_run(run=run, created_by=None, at=now())
    stack.await_end(timeout_seconds=WITHIN_SECONDS)
    assert outcomes()["COMPLETED"] == RUNS


def executions() -> Counter[int]:
    """How many calls took how many workers."""
    found: Counter[int] = Counter()
    for model in (LlmCall, ToolCall):
        found.update(model.objects.values_list("executions", flat=True))
    return found
