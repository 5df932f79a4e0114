"""`make bench-engine`: the engine's speed, against its bars, against DBOS and against Celery."""

import argparse
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.bench.bars import Measured, report
from tests.bench.engine.accepting import measure_accepting
from tests.bench.engine.bench import Bench, running_bench
from tests.bench.engine.history import measure_history
from tests.bench.engine.latency import measure_latency
from tests.bench.engine.processes import NAMES
from tests.bench.engine.restart import measure_restart
from tests.bench.engine.throughput import measure_throughput
from tests.bench.engine.turns import measure_crowd, measure_turns
from tests.bench.engine.waits import measure_waits


@dataclass(frozen=True)
class Line:
    """Some lines of the table, and the processes that they need."""

    measure: Callable[[Bench, int], Iterator[Measured]]
    needs: tuple[str, ...]


# What is measured idle comes before what fills tables and disk.
LINES = {
    "latency": Line(measure_latency, ("web", "steps", "beat")),
    "turns": Line(measure_turns, ("steps", "llm", "beat")),
    "accepting": Line(measure_accepting, ("web", "steps", "beat")),
    "crowd": Line(measure_crowd, ("steps", "llm", "beat")),
    "throughput": Line(measure_throughput, ("steps", "beat")),
    "restart": Line(measure_restart, ("steps", "beat")),
    "history": Line(measure_history, ()),
    "waits": Line(measure_waits, ("steps", "llm", "beat")),
}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
    parser.add_argument("--only", default="", help=f"of {', '.join(LINES)}, by comma")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",") if name.strip()] or list(LINES)
    if unknown := set(names) - set(LINES):
        parser.error(f"--only: there is no {', '.join(unknown)}; there are {', '.join(LINES)}")
    needs = {need for name in names for need in LINES[name].needs}
    measured: list[Measured] = []
    failed: list[str] = []
    with running_bench([name for name in NAMES if name in needs]) as bench:
        for name in names:
            print(f"{name} ...", flush=True)
            try:
                measured += LINES[name].measure(bench, given.rounds)
            except Exception:  # the others are worth their time
                traceback.print_exc()
                failed.append(name)
    report(f"Engine: medians of {given.rounds} rounds", measured)
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
