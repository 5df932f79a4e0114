"""A random schedule of faults, repeatable by its seed."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import DatabaseError

from agentplatform.core.wait import wait_for
from apps.runs.models import Run
from tests.chaos.servers import Servers, disconnect
from tests.chaos.stack import Stack

EVERY_SECONDS = 0.1
VICTIMS = {"child": 94, "steps": 1, "llm": 2, "tools": 2, "beat": 1}
"""Who is killed how often out of a hundred times. A process takes two seconds to come back, so
that killing nothing else would only show that nobody works."""

SERVERS = {
    "flush": Servers.flush_valkey,
    "crash": Servers.crash_postgres,
    "loss": Servers.crash_sqs,
}


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`runs` are started evenly over the first `seconds`, while something is killed every
    EVERY_SECONDS; `faults` of the servers come so often each, at random moments: "flush" of Valkey,
    "crash" of PostgreSQL, "loss" of all that is in SQS. The kills end with `seconds`."""

    seed: int
    runs: int
    seconds: float
    faults: Mapping[str, int]
    done: Counter[str] = field(default_factory=Counter)

    def carry_out(self, stack: Stack) -> None:
        """Returns once all of it has happened. Every run was accepted then."""
        luck = random.Random(self.seed)
        ticks = int(self.seconds / EVERY_SECONDS)
        faults = {tick: self._victim(luck) for tick in range(ticks)}
        for name, times in self.faults.items():
            faults |= dict.fromkeys(luck.sample(range(ticks // 10, ticks), times), name)
        began = time.monotonic()
        started = 0
        for tick in range(ticks):
            _sleep_until(stack, began + tick * EVERY_SECONDS)
            started = self._start_runs(stack, started, self.runs * (tick + 1) // ticks)
            self._hit(stack, faults[tick], luck)
        while started < self.runs:
            _sleep_until(stack, time.monotonic() + EVERY_SECONDS)
            started = self._start_runs(stack, started, self.runs)

    def _victim(self, luck: random.Random) -> str:
        return luck.choices([*VICTIMS], [*VICTIMS.values()])[0]

    def _start_runs(self, stack: Stack, started: int, wanted: int) -> int:
        """How many are accepted now. Who asks again after an error gets the same run."""
        try:
            while started < wanted:
                stack.start_run(key=str(started))
                started += 1
        except DatabaseError:
            disconnect()
        return started

    def _hit(self, stack: Stack, what: str, luck: random.Random) -> None:
        if what in SERVERS:
            SERVERS[what](stack.servers)
        elif what == "child":
            children = stack.fleet.children("steps")
            if not children:
                return
            with suppress(ProcessLookupError):
                os.kill(luck.choice(children), signal.SIGKILL)
        elif stack.fleet.is_ready(what):
            stack.fleet.kill(what)
        else:
            return
        self.done[what] += 1


def _sleep_until(stack: Stack, moment: float) -> None:
    def is_time() -> bool:
        stack.fleet.tick()
        stack.servers.tick()
        return time.monotonic() >= moment

    wait_for(is_time, timeout_seconds=60, every_seconds=0.02, what="the next fault")


def outcomes() -> Counter[str]:
    """How many runs there are in each state."""
    return Counter(Run.objects.values_list("status", flat=True))
