"""What a step costs when the tables hold more and more runs that are over, and a queue.

A platform for each size, each with servers of its own; they take their turns in each round.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from agentplatform.settings.environment import ROOT
from tests.bench.bars import Measured, compare, paired
from tests.bench.engine.aged import QUEUED, STEPS
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import held
from tests.bench.engine.program import Program

FINISHED = (100, 10_000, 100_000)
RUNS, LOOKS = 15, 10
BAR = 1.15


def measure_history(bench: Bench, rounds: int) -> Iterator[Measured]:
    """Against the platform with the fewest."""
    with held(bench.processes.pids().values()), ExitStack() as stack:
        aged = [stack.enter_context(running_aged(bench, finished)) for finished in FINISHED]
        for program in aged:
            program.hear()
        step = paired(_asked(aged, f"run {RUNS}"), rounds=rounds)
        look = paired(_asked(aged, f"recover {LOOKS}"), rounds=rounds)
    fewest, *more = map(str, FINISHED)
    for finished in more:
        told = {"unit": "ms", "peer_name": f"with {fewest}"}
        yield compare(
            step[finished],
            step[fewest],
            name=f"a step, {int(finished):,} runs over",
            bar=BAR,
            note=f"runs of {STEPS} decision and agent steps, one process; {QUEUED:,} queued",
            **told,
        )
        yield compare(
            look[finished],
            look[fewest],
            name=f"a look for lost work, {int(finished):,} runs over",
            **told,
        )


@contextmanager
def running_aged(bench: Bench, finished: int) -> Iterator[Program]:
    """A platform with so many runs that are over. It says `ready` when it has them."""
    command = [sys.executable, "-m", "tests.bench.engine.aged", str(finished)]
    program = Program(command, folder=ROOT, log=bench.folder / f"aged-{finished}.log")
    try:
        yield program
    finally:
        program.stop()


def _asked(aged: list[Program], order: str) -> dict[str, Callable[[], float]]:
    return {
        str(finished): partial(_ask, program, order)
        for finished, program in zip(FINISHED, aged, strict=True)
    }


def _ask(program: Program, order: str) -> float:
    program.tell(order)
    return float(program.hear())
