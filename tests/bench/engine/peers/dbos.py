"""DBOS on the same PostgreSQL: PROCESSES processes, each calling workflows in itself; and for
workflows that one process accepts and another runs, a worker of its queue."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.engine.bench import Bench
from tests.bench.engine.peers.environment import PROGRAMS, peer_python
from tests.bench.engine.program import Program

PROCESSES = 2
WARM = "run 20"
POLL_SECONDS = 0.005
"""DBOS's own is 1 s, which would be most of what is measured. What a workflow waits for the next
asking, half of this on average, is in its time; shorter ones were not compared."""


class Dbos:
    """Its processes, ready. `worker` stands by for the queue."""

    def __init__(self, programs: list[Program], worker: Program | None) -> None:
        self._programs = programs
        self._worker = worker

    @property
    def pids(self) -> list[int]:
        every = [*self._programs, self._worker] if self._worker else self._programs
        return [program.pid for program in every]

    @property
    def worker_pids(self) -> list[int]:
        """Of whoever asks the queue, also when nothing is in it."""
        return [self._worker.pid] if self._worker else []

    def run(self, workflows: int) -> float:
        """Run so many, shared out among the processes; the seconds from first start to last end."""
        began = time.perf_counter()
        for program in self._programs:
            program.tell(f"run {workflows // len(self._programs)}")
        for program in self._programs:
            program.hear()
        return time.perf_counter() - began

    def run_one(self) -> float:
        """One workflow by itself: its milliseconds, as the process that runs it sees them."""
        return self._ask_first("run 1")

    def queue_one(self) -> float:
        """One workflow that one process accepts and the worker runs: its milliseconds."""
        return self._ask_first("queue")

    def _ask_first(self, order: str) -> float:
        first, *_ = self._programs
        first.tell(order)
        return float(first.hear())


@contextmanager
def running_dbos(bench: Bench, *, with_queue: bool = False) -> Iterator[Dbos]:
    """In a database of its own on the bench's server."""
    python, url = peer_python(), bench.own_database("dbos")
    programs: list[Program] = []

    def start(*words: str) -> Program:
        command = [python, "workflows.py", url, *words]
        programs.append(Program(command, folder=PROGRAMS, log=bench.folder / "dbos.log"))
        programs[-1].hear()
        programs[-1].tell(WARM)
        programs[-1].hear()
        return programs[-1]

    try:
        callers = [start(f"caller-{number}") for number in range(PROCESSES)]
        worker = start("worker", str(POLL_SECONDS)) if with_queue else None
        yield Dbos(callers, worker)
    finally:
        for program in programs:
            program.stop()
