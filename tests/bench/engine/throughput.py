"""Durable no-op steps a second, against DBOS's, and against Celery's tasks, which are not durable.

What is to be done has been accepted before the clock starts, except with DBOS, whose processes
start each workflow themselves. It stops when all is done, the work after each run's end included.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.bars import Measured, compare, paired
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import alone, held
from tests.bench.engine.peers.celery import REDIS, PlainCelery, running_celery
from tests.bench.engine.peers.dbos import Dbos, running_dbos
from tests.bench.engine.specs import decisions, noops
from tests.bench.engine.waiting import FINALIZED, wait_for_runs

if TYPE_CHECKING:
    from apps.runs.models import TaskDefinition

STEPS = 10
SECONDS = 2.0
"""About how long each measures in a round."""
UNIT = "steps/s"
ACCEPTING = "accepted meanwhile"
DBOS_BAR, CELERY_BAR = 1.5, 1.0
KINDS = (
    ("decision steps", decisions, "the engine takes them itself"),
    ("agent steps", noops, "each runs a LangGraph graph that ends at once"),
)

Rate = Callable[[int], float]
"""Do about so many steps; how many a second that was."""


def measure_throughput(bench: Bench, rounds: int) -> Iterator[Measured]:
    """Two step worker processes, two of DBOS, two of Celery."""
    with running_dbos(bench) as dbos, running_celery(bench, REDIS) as celery:
        ours = list(bench.processes.pids().values())
        rates: dict[str, Rate] = {}
        for name, make, _ in KINDS:
            rate = partial(run_ours, bench, bench.make_task(make(STEPS)))
            rates[name] = alone(rate, besides=[*dbos.pids, *celery.pids])
        accepting = partial(run_ours_accepting, bench, bench.make_task(decisions(STEPS)))
        rates[ACCEPTING] = alone(accepting, besides=[*dbos.pids, *celery.pids])
        rates["dbos"] = alone(partial(run_dbos, dbos), besides=[*ours, *celery.pids])
        rates["celery"] = alone(partial(run_celery, celery), besides=[*ours, *dbos.pids])
        found = paired({name: _sized(rate) for name, rate in rates.items()}, rounds=rounds)
    for name, _, what in KINDS:
        for peer, bar in (("dbos", DBOS_BAR), ("celery", CELERY_BAR)):
            yield compare(
                found[name],
                found[peer],
                name=f"{name} a second, against {peer}",
                unit=UNIT,
                peer_name=peer,
                bar=bar,
                is_minimum=True,
                note=f"runs of {STEPS}; {what}",
            )
    yield compare(
        found[ACCEPTING],
        found["dbos"],
        name=f"decision steps a second, {ACCEPTING}, against dbos",
        unit=UNIT,
        peer_name="dbos",
        note="one more process accepts the runs while they are worked on",
    )


def run_ours(bench: Bench, task: "TaskDefinition", steps: int) -> float:
    count = max(1, steps // STEPS)
    with held([bench.processes.pids()["steps"]]):
        runs = bench.start_runs(task, count)
    began = time.perf_counter()
    wait_for_runs(bench.database, runs, every_seconds=0.01, until=FINALIZED)
    return count * STEPS / (time.perf_counter() - began)


def run_ours_accepting(bench: Bench, task: "TaskDefinition", steps: int) -> float:
    count = max(1, steps // STEPS)
    began = time.perf_counter()
    runs = bench.start_runs(task, count)
    wait_for_runs(bench.database, runs, every_seconds=0.01, until=FINALIZED)
    return count * STEPS / (time.perf_counter() - began)


def run_dbos(dbos: Dbos, steps: int) -> float:
    count = max(2, steps // STEPS // 2 * 2)
    return count * STEPS / dbos.run(count)


def run_celery(celery: PlainCelery, steps: int) -> float:
    with held([celery.worker.pid]):
        celery.send(steps)
    began = time.perf_counter()
    celery.wait(steps)
    return steps / (time.perf_counter() - began)


def _sized(rate: Rate) -> Callable[[], float]:
    """A first try says how many steps take SECONDS."""
    steps = max(200, int(rate(400) * SECONDS))
    return lambda: rate(steps)
