"""`python -m tests.bench.engine.aged FINISHED`: a platform with so many runs that are over and a
long queue, whose tasks are called in this process.

Each line read is an order: `run N` takes N runs from their acceptance to the end, `recover` looks
for work that got lost. Answered by the milliseconds of a step, and of the look.
"""

import sys
import time
from typing import TYPE_CHECKING
from uuid import UUID

from tests.bench.engine.bench import Bench, running_bench
from tests.bench.engine.copies import copy_run
from tests.bench.engine.specs import mixed

if TYPE_CHECKING:
    from apps.runs.models import TaskDefinition

QUEUED = 10_000
STEPS = 10
WARM_RUNS = 5
FINISHED_SERIES, QUEUED_SERIES = 1, 2

_NOT_DUE = "update steps set dispatched_at = now() + interval '1 day' where run_id = %s"


def main() -> None:
    """Fill the tables, say so, and take orders."""
    finished = int(sys.argv[1])
    with running_bench(()) as bench:
        task = bench.make_task(mixed(STEPS))
        fill(bench, task, finished=finished)
        take_runs(bench, task, WARM_RUNS)
        print("ready", flush=True)
        for line in sys.stdin:
            order, *count = line.split()
            print(obey(bench, task, order, *map(int, count)), flush=True)


def fill(bench: Bench, task: "TaskDefinition", *, finished: int) -> None:
    """Copies of a run that is over, and of one whose first step waits for a worker."""
    from agentplatform.core.clock import now
    from apps.runs.services.advance_run import advance_run

    done, queued = bench.start_runs(task, 2)
    finish(done)
    with bench.scope():
        advance_run(run_id=queued, at=now())
    bench.database.execute(_NOT_DUE, [queued])
    copy_run(bench.database, done, times=finished, series=FINISHED_SERIES)
    copy_run(bench.database, queued, times=QUEUED, series=QUEUED_SERIES)
    bench.database.execute("vacuum analyze")


def obey(bench: Bench, task: "TaskDefinition", order: str, count: int = 1) -> float:
    """How many milliseconds a step of `run` takes, or each `recover`."""
    began = time.perf_counter()
    if order == "run":
        take_runs(bench, task, count)
        count *= STEPS
    else:
        for _ in range(count):
            look()
    return (time.perf_counter() - began) * 1000 / count


def take_runs(bench: Bench, task: "TaskDefinition", count: int) -> None:
    for run in bench.start_runs(task, count):
        finish(run)


def finish(run: UUID) -> None:
    """All that a step worker does for a run whose steps wait for nobody."""
    from apps.runs import tasks

    tasks.advance_run_task(run_id=str(run))
    tasks.finish_run_task(run_id=str(run))


def look() -> None:
    from apps.runs import tasks

    tasks.recover_task()


if __name__ == "__main__":
    main()
