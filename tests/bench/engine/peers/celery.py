"""Celery by itself on the same Valkey: a prefork worker of two processes and a client."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis

from agentplatform.core.wait import wait_for
from tests.bench.engine.bench import Bench
from tests.bench.engine.peers.environment import PROGRAMS, peer_python
from tests.bench.engine.program import Program

CONCURRENCY = 2
REDIS, DJANGO = "redis", "django-db"
NUMBERS = {REDIS: (5, 6), DJANGO: (7, 8)}
"""Valkey's databases for queue and results."""
WORKER = (
    *("-m", "celery", "-A", "tasks", "worker", "--pool", "prefork"),
    *("--concurrency", str(CONCURRENCY), "--loglevel", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)
LOOK_SECONDS = 0.005
PATIENCE_SECONDS = 120
WARM_CHAINS = 10


class PlainCelery:
    """Worker and client, ready."""

    def __init__(self, worker: Program, client: Program, results: "redis.Redis") -> None:
        self.worker = worker
        self._client = client
        self._results = results

    @property
    def pids(self) -> list[int]:
        return [self.worker.pid, self._client.pid]

    def send(self, tasks: int) -> None:
        """Put tasks on the queue, and forget the results of those before."""
        self._results.flushdb()
        self._order(f"send {tasks}")

    def wait(self, tasks: int) -> None:
        """Until so many results are there."""
        wait_for(
            lambda: self._results.dbsize() >= tasks,
            timeout_seconds=PATIENCE_SECONDS,
            every_seconds=LOOK_SECONDS,
            what=f"{tasks} results of Celery",
        )

    def run_chains(self, count: int) -> float:
        """The median milliseconds of a chain, seen by the client."""
        return float(self._order(f"chain {count}"))

    def _order(self, order: str) -> str:
        self._client.tell(order)
        return self._client.hear()


@contextmanager
def running_celery(bench: Bench, backend: str) -> Iterator[PlainCelery]:
    """With its results in Valkey (REDIS), or in a PostgreSQL database of its own (DJANGO)."""
    python, log = peer_python(), bench.folder / f"celery-{backend}.log"
    address, _, _ = bench.servers["REDIS_URL"].rpartition("/")
    queue, results = (f"{address}/{number}" for number in NUMBERS[backend])
    parts = urlsplit(bench.own_database("celery"))
    environment = {
        "BENCH_BROKER": queue,
        "BENCH_BACKEND": results if backend == REDIS else backend,
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.lstrip("/"),
        "DJANGO_SETTINGS_MODULE": "",
    }
    programs: list[Program] = []
    try:
        client = Program([python, "tasks.py"], folder=PROGRAMS, environment=environment, log=log)
        programs.append(client)
        client.hear()
        worker = Program([python, *WORKER], folder=PROGRAMS, environment=environment, log=log)
        programs.append(worker)
        with redis.Redis.from_url(results) as valkey:
            celery = PlainCelery(worker, client, valkey)
            celery.run_chains(WARM_CHAINS)
            yield celery
    finally:
        for program in reversed(programs):
            program.stop()
