"""One run of ten no-op steps by itself, from POST to COMPLETED, against the peers' own.

Ours goes through HTTP, and its end is seen in its row, asked each millisecond. DBOS's workflow is
called in the process that runs it, and its end is seen there; `by queue`, one process accepts it,
another runs it, and its end is seen in its row. Celery's chain is sent by its client, which asks
for its result each millisecond.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.bars import Measured, compare, paired
from tests.bench.engine.bench import Bench
from tests.bench.engine.hold import alone
from tests.bench.engine.peers.celery import DJANGO, running_celery
from tests.bench.engine.peers.dbos import running_dbos
from tests.bench.engine.post import Poster
from tests.bench.engine.specs import decisions, noops
from tests.bench.engine.waiting import FINALIZED, wait_for_runs

STEPS = 10
EACH = 20
"""Runs in a round, one after the other; what counts is their median."""
LOOK_SECONDS = 0.001
KINDS = (
    ("decision steps", decisions, "the engine takes them itself"),
    ("agent steps", noops, "each runs a LangGraph graph that ends at once"),
)


def measure_latency(bench: Bench, rounds: int) -> Iterator[Measured]:
    """The median of the rounds' medians."""
    with running_dbos(bench, with_queue=True) as dbos, running_celery(bench, DJANGO) as celery:
        ours = list(bench.processes.pids().values())
        variants: dict[str, Callable[[], float]] = {}
        for name, make, _ in KINDS:
            run = partial(run_ours, bench, str(bench.make_task(make(STEPS)).id))
            variants[name] = alone(run, besides=[*dbos.pids, *celery.pids])
        others = [*ours, *celery.pids]
        run = partial(median_of, dbos.run_one)
        variants["dbos"] = alone(run, besides=[*others, *dbos.worker_pids])
        variants["dbos by queue"] = alone(partial(median_of, dbos.queue_one), besides=others)
        run = partial(celery.run_chains, EACH)
        variants["celery"] = alone(run, besides=[*ours, *dbos.pids])
        for variant in variants.values():
            variant()
        found = paired(variants, rounds=rounds)
    for name, _, what in KINDS:
        for peer, bar in (("dbos", 1.0), ("dbos by queue", None), ("celery", 1.0)):
            yield compare(
                found[name],
                found[peer],
                name=f"run of {STEPS} {name}, p50, against {peer}",
                unit="ms",
                peer_name=peer,
                bar=bar,
                note=f"POST to COMPLETED; {what}",
            )


def run_ours(bench: Bench, task_id: str) -> float:
    """The median milliseconds of EACH runs."""
    taken, poster = [], Poster(bench)
    for _ in range(EACH):
        began = time.perf_counter()
        run = poster.post(task_id)
        wait_for_runs(bench.database, [run], every_seconds=LOOK_SECONDS)
        taken.append((time.perf_counter() - began) * 1000)
        wait_for_runs(bench.database, [run], every_seconds=0.01, until=FINALIZED)
    return statistics.median(taken)


def median_of(run_one: Callable[[], float]) -> float:
    return statistics.median(run_one() for _ in range(EACH))
