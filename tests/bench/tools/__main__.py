"""`make bench-tools`: what tool calls cost, against their bars."""

import argparse
import sys
import traceback
from importlib import import_module

from tests.bench.bars import Measured, report
from tests.bench.tools.bench import running_bench

LINES = ("warm", "cold", "parallel", "egress", "browser")
"""The modules of this folder that measure, each with `measure(bench, rounds)`."""


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tools", description=__doc__)
    parser.add_argument("--only", default="", help=f"of {', '.join(LINES)}, by comma")
    parser.add_argument("--rounds", type=int, default=60)
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",") if name.strip()] or list(LINES)
    if unknown := set(names) - set(LINES):
        parser.error(f"--only: there is no {', '.join(unknown)}; there are {', '.join(LINES)}")
    measured: list[Measured] = []
    failed: list[str] = []
    with running_bench() as bench:
        for name in names:
            print(f"{name} ...", flush=True)
            try:
                measured += import_module(f"tests.bench.tools.{name}").measure(bench, given.rounds)
            except Exception:  # the others are worth their time
                traceback.print_exc()
                failed.append(name)
    report(f"Tools: {given.rounds} rounds", measured)
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
