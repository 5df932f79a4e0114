"""The only step worker is killed, and its supervisor starts it again: how long nothing goes on."""

import os
import signal
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from agentplatform.core.wait import wait_for
from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import held
from tests.bench.engine.specs import noops
from tests.bench.engine.waiting import wait_for_runs

if TYPE_CHECKING:
    from apps.runs.models import TaskDefinition

RUNS = 60
STEPS = 10
BAR_SECONDS = 3
LOOK_SECONDS = 0.01

_DONE = "select count(*) from steps where run_id = any(%s) and status = 'SUCCESS'"
_HELD = "select array_agg(run_id) from steps where run_id = any(%s) and status = 'RUNNING'"


@dataclass(frozen=True)
class Recovery:
    """Seconds from the start of the new process until any step is over that was not, and until
    one is of a run that the killed worker was at."""

    any_run: float
    held_run: float


def measure_restart(bench: Bench, rounds: int) -> Iterator[Measured]:
    """A new backlog each round, killed in its midst."""
    task = bench.make_task(noops(STEPS))
    found = [kill_once(bench, task) for _ in range(rounds)]
    yield Measured(
        name="progress after kill -9 of the step worker",
        measured=statistics.median(one.any_run for one in found),
        unit="s",
        bar=BAR_SECONDS,
        note="from its supervisor's start of the next one",
    )
    yield Measured(
        name="the same, of a run that it was at",
        measured=statistics.median(one.held_run for one in found),
        unit="s",
        note="its step waits its turn behind the others in the queue",
    )


def kill_once(bench: Bench, task: "TaskDefinition") -> Recovery:
    """Kill the worker in the midst of RUNS runs, and see them go on and end."""
    with held([bench.processes.pids()["steps"]]):
        runs = bench.start_runs(task, RUNS)
    stuck = kill_at_work(bench, runs)
    done = {"any": bench.ask(_DONE, runs), "held": bench.ask(_DONE, stuck)}
    began = start_again(bench)
    seconds: dict[str, float] = {}

    def is_going_on() -> bool:
        for name, some in (("any", runs), ("held", stuck)):
            if name not in seconds and bench.ask(_DONE, some) > done[name]:
                seconds[name] = time.perf_counter() - began
        return len(seconds) == len(done)

    wait_for(is_going_on, timeout_seconds=120, every_seconds=LOOK_SECONDS, what="progress")
    wait_for_runs(bench.database, runs, every_seconds=0.1, timeout_seconds=120)
    return Recovery(any_run=seconds["any"], held_run=seconds["held"])


def kill_at_work(bench: Bench, runs: list[UUID]) -> list[UUID]:
    """Kill the step worker, prefork children and all, while it is at a step. Returns the runs that
    it was at."""
    leader = bench.processes.pids()["steps"]

    def find_held() -> list[UUID]:
        with held([leader]):
            found: list[UUID] = bench.ask(_HELD, runs) or []
            if found and bench.ask(_DONE, runs):
                os.killpg(leader, signal.SIGKILL)
                return found
        return []

    return wait_for(find_held, timeout_seconds=30, what="the worker to be at a step")


def start_again(bench: Bench) -> float:
    """Let the supervisor start the next one; returns when it did."""
    before = bench.processes.supervisor.pids()

    def is_started() -> bool:
        bench.processes.supervisor.tick()
        after = bench.processes.supervisor.pids()
        return "steps" in after and after["steps"] != before.get("steps")

    wait_for(is_started, timeout_seconds=60, every_seconds=LOOK_SECONDS, what="a new step worker")
    return time.perf_counter()
