"""An agent's turns with three model calls at once, answered by a provider that takes no time."""

import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import held
from tests.bench.engine.specs import talk
from tests.bench.engine.waiting import wait_for_runs

if TYPE_CHECKING:
    from apps.runs.models import TaskDefinition

TURNS = 10
CROWD = 50
ALONE_BAR_MS = 20
CROWD_BAR = 80
NOTE = "3 completions at once a turn, gateway and ledger included"

_TURNS = """
select min(call.created_at) from llm_calls call where call.run_id = %s group by call.turn
union all select completed_at from runs where id = %s order by 1
"""


def measure_turns(bench: Bench, rounds: int) -> Iterator[Measured]:
    """One agent by itself."""
    task = bench.make_task(talk("bench_trio", TURNS))
    run_alone(bench, task)
    yield Measured(
        name="agent turn of 3 calls, p50",
        measured=statistics.median(run_alone(bench, task) for _ in range(rounds)),
        unit="ms",
        bar=ALONE_BAR_MS,
        note=f"idle; {NOTE}",
    )


def measure_crowd(bench: Bench, rounds: int) -> Iterator[Measured]:
    """CROWD of them at once."""
    task = bench.make_task(talk("bench_trio", TURNS))
    run_crowd(bench, task, agents=CROWD // 5)
    found = [run_crowd(bench, task, agents=CROWD) for _ in range(rounds)]
    yield Measured(
        name=f"agent turns of 3 calls, {CROWD} agents at once",
        measured=statistics.median(found),
        unit="turns/s",
        bar=CROWD_BAR,
        is_minimum=True,
        note=f"{TURNS} turns each; {NOTE}",
    )


def run_alone(bench: Bench, task: "TaskDefinition") -> float:
    """The median milliseconds from one turn of a run to the next."""
    (run,) = bench.start_runs(task)
    wait_for_runs(bench.database, [run], every_seconds=0.05)
    began = turn_times(bench, run)
    lasted = [(after - before).total_seconds() for before, after in pairwise(began)]
    assert len(lasted) == TURNS, lasted
    return statistics.median(lasted) * 1000


def turn_times(bench: Bench, run: UUID) -> list[datetime]:
    """When each turn began, by the calls that it planned; and when the last was over."""
    rows: list[Any] = bench.database.execute(_TURNS, [run, run]).fetchall()
    return [at for (at,) in rows]


def run_crowd(bench: Bench, task: "TaskDefinition", *, agents: int) -> float:
    """Turns a second of so many runs, accepted before the clock starts."""
    with held([bench.processes.pids()["steps"]]):
        runs = bench.start_runs(task, agents)
    began = time.perf_counter()
    wait_for_runs(bench.database, runs, every_seconds=0.02, timeout_seconds=300)
    return agents * TURNS / (time.perf_counter() - began)
