"""DBOS on the same PostgreSQL: PROCESSES processes, each calling workflows in itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.engine.bench import Bench
from tests.bench.engine.peers.environment import PROGRAMS, peer_python
from tests.bench.engine.program import Program

PROCESSES = 2
THREADS = 3
"""What does most on 2 processors; more threads do less."""


class Dbos:
    """Its processes, ready."""

    def __init__(self, programs: list[Program]) -> None:
        self._programs = programs

    @property
    def pids(self) -> list[int]:
        return [program.pid for program in self._programs]

    def run(self, workflows: int) -> float:
        """Run so many, shared out among the processes; the seconds from first start to last end."""
        began = time.perf_counter()
        for program in self._programs:
            program.tell(workflows // len(self._programs))
        for program in self._programs:
            program.hear()
        return time.perf_counter() - began

    def run_one(self) -> float:
        """One workflow by itself: its milliseconds, as the process that runs it sees them."""
        first, *_ = self._programs
        first.tell(1)
        return float(first.hear())


@contextmanager
def running_dbos(bench: Bench) -> Iterator[Dbos]:
    """In a database of its own on the bench's server."""
    python, url = peer_python(), bench.own_database("dbos")
    programs: list[Program] = []
    try:
        for number in range(PROCESSES):
            command = [python, "workflows.py", url, f"executor-{number}", str(THREADS)]
            programs.append(Program(command, folder=PROGRAMS, log=bench.folder / "dbos.log"))
            programs[-1].hear()
        dbos = Dbos(programs)
        dbos.run(10 * PROCESSES)
        yield dbos
    finally:
        for program in programs:
            program.stop()
