"""Many agents at once that wait for a slow model, and the memory of the workers that carry them."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import held
from tests.bench.engine.specs import SLOW_MODEL, talk
from tests.bench.engine.usage import resident_mib
from tests.bench.engine.waiting import wait_for_runs

if TYPE_CHECKING:
    from apps.runs.models import TaskDefinition

AGENTS = 500
TURNS = 5
THREADS = 500
BAR_SECONDS = 25
GROWTH_BAR = 1.1
PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Wave:
    """`before` and `after`: MiB of the step workers."""

    seconds: float
    before: float
    after: float


def measure_waits(bench: Bench, rounds: int) -> Iterator[Measured]:
    """Two step worker processes, one llm worker of THREADS threads, which it leaves behind; each
    round is a wave."""
    bench.processes.stop("llm")
    bench.processes.start(["llm"], llm=str(THREADS))
    task = bench.make_task(talk("bench_solo", TURNS, model=SLOW_MODEL))
    run_wave(bench, task, agents=AGENTS // 10)
    waves = [run_wave(bench, task, agents=AGENTS) for _ in range(rounds)]
    yield Measured(
        name=f"{AGENTS} agents of {TURNS} turns at a model of 2 s",
        measured=statistics.median(wave.seconds for wave in waves),
        unit="s",
        bar=BAR_SECONDS,
        note=f"{THREADS} threads in the llm worker; all accepted before the clock starts",
    )
    yield Measured(
        name="memory of the step workers after it",
        measured=statistics.median(wave.after for wave in waves),
        unit="MiB",
        peer=statistics.median(wave.before for wave in waves),
        peer_name="before",
        paired_ratio=statistics.median(wave.after / wave.before for wave in waves),
        bar=GROWTH_BAR,
        note=f"{waves[0].before:.0f} MiB before the first of {rounds} waves, "
        f"{waves[-1].after:.0f} after the last",
    )


def run_wave(bench: Bench, task: "TaskDefinition", *, agents: int) -> Wave:
    """So many agents at once, until the last is over."""
    steps = bench.processes.pids()["steps"]
    with held([steps]):
        runs = bench.start_runs(task, agents)
    before = resident_mib(steps)
    began = time.perf_counter()
    wait_for_runs(bench.database, runs, every_seconds=0.1, timeout_seconds=PATIENCE_SECONDS)
    return Wave(time.perf_counter() - began, before, resident_mib(steps))
