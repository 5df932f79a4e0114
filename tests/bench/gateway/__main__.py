"""`make bench-gateway`: what the gateway costs, against its bars."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Iterator

from tests.bench.bars import Measured, report
from tests.bench.engine.bench import Bench, running_bench
from tests.bench.engine.processes import GATEWAY
from tests.bench.gateway.away import measure_away
from tests.bench.gateway.booking import measure_booking
from tests.bench.gateway.celery_door import measure_celery
from tests.bench.gateway.measures import (
    measure_cpu,
    measure_growth,
    measure_latency,
    measure_memory,
    measure_streams,
)
from tests.bench.gateway.outage import ROUTES, measure_outage

LINES: dict[str, Callable[[Bench, int], Iterator[Measured]]] = {
    "memory": measure_memory,
    "cpu": measure_cpu,
    "streams": measure_streams,
    "latency": measure_latency,
    "booking": measure_booking,
    "celery": measure_celery,
    "outage": measure_outage,
    "away": measure_away,
    "growth": measure_growth,
}
LIMITS = {"TENANT_REQUESTS_PER_MINUTE": "100000000"}
"""Counted for each request, and never reached."""


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway", description=__doc__)
    parser.add_argument("--only", default="", help=f"of {', '.join(LINES)}, by comma")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",") if name.strip()] or list(LINES)
    if unknown := set(names) - set(LINES):
        parser.error(f"--only: there is no {', '.join(unknown)}; there are {', '.join(LINES)}")
    measured: list[Measured] = []
    failed: list[str] = []
    os.environ.update(LIMITS | ROUTES)
    with running_bench([GATEWAY]) as bench:
        for name in names:
            print(f"{name} ...", flush=True)
            try:
                measured += LINES[name](bench, given.rounds)
            except Exception:  # the others are worth their time
                traceback.print_exc()
                failed.append(name)
    report(f"Gateway: medians of {given.rounds} rounds", measured)
    if failed:
        sys.exit(f"Not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
