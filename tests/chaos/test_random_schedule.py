"""Many runs under kills, flushes and crashes at random moments. CHAOS_SEED=n repeats a schedule;
`make chaos` takes the long form."""

import os
import random
import time

import pytest

from apps.gateway.models import LlmCall
from apps.tenants.models import LedgerEntry
from tests.chaos.passing import pass_time
from tests.chaos.schedule import Schedule, outcomes
from tests.chaos.stack import Stack

CHILDREN = 6
"""Of the worker of steps: with fewer of them a kill each 100 ms lets none get to work."""
IS_LONG = os.environ.get("CHAOS") == "long"
SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
RUNS, SECONDS, FLUSHES, CRASHES = (1000, 240.0, 3, 3) if IS_LONG else (60, 20.0, 1, 1)
WITHIN_SECONDS = 1200.0 if IS_LONG else 90.0


@pytest.mark.timeout(1800)
def test_every_run_ends_once(stack: Stack) -> None:
    schedule = Schedule(seed=SEED, runs=RUNS, seconds=SECONDS, flushes=FLUSHES, crashes=CRASHES)
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
        f" {len(stack.provider.billed())} bills, {unconfirmed} unconfirmed",
        flush=True,
    )
    stack.audit(within_seconds=WITHIN_SECONDS, poisoned=None)
    assert outcomes().total() == RUNS
    assert outcomes()["COMPLETED"] >= 0.98 * RUNS
