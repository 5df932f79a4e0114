"""How long POST /api/v1/runs takes while runs come at a steady rate and are worked on besides."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextvars import copy_context

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench
from tests.bench.engine.post import Poster
from tests.bench.engine.specs import decisions

RATE = 50
SECONDS = 8
CONNECTIONS = 16
BAR_MS = 50
STEPS = 1


def measure_accepting(bench: Bench, rounds: int) -> Iterator[Measured]:
    """The median of the rounds' 95th percentiles."""
    task = str(bench.make_task(decisions(STEPS)).id)
    post_steadily(bench, task, seconds=1)
    found = [post_steadily(bench, task, seconds=SECONDS) for _ in range(rounds)]
    yield Measured(
        name=f"POST /api/v1/runs, p95 at {RATE} a second",
        measured=statistics.median(statistics.quantiles(taken, n=20)[-1] for taken in found),
        unit="ms",
        bar=BAR_MS,
        note=f"p50 {statistics.median(map(statistics.median, found)):.1f} ms; runs of {STEPS} "
        "decision step, worked on meanwhile; open loop",
    )


def post_steadily(bench: Bench, task_id: str, *, seconds: float) -> list[float]:
    """The milliseconds of each request, from when it was due: one that has to wait for a slow one
    before it counts that too."""
    count = int(RATE * seconds)
    taken: list[float] = []
    posters = [Poster(bench) for _ in range(CONNECTIONS)]
    began = time.perf_counter() + 0.1
    turn = iter(range(count))
    lock = threading.Lock()

    def work(poster: Poster) -> None:
        while True:
            with lock:
                number = next(turn, None)
            if number is None:
                return
            due = began + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            poster.post(task_id)
            taken.append((time.perf_counter() - due) * 1000)

    threads = [
        threading.Thread(target=copy_context().run, args=(work, poster)) for poster in posters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(taken) < count:
        raise RuntimeError(f"{count - len(taken)} of {count} requests failed")
    return taken
