"""A PostgreSQL, a Valkey and an SQS of our own, which may die while other tests use theirs."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from django.db import connections

from agentplatform.core.postgresql.roles import make_roles
from agentplatform.embedded.ports import any_free
from agentplatform.embedded.postgres import Postgres
from agentplatform.embedded.supervisor import Supervisor
from agentplatform.embedded.valkey import Valkey
from agentplatform.embedded.with_servers import PASSWORDS
from agentplatform.settings.databases import databases
from agentplatform.settings.environment import Environment
from tests.brokers import connect_anew, move_to
from tests.database import allow_deletes
from tests.sqs import Sqs, sqs_environment

ALIASES = ("default", "admin", "owner")


class Servers:
    """All of them under a supervisor, the emulator of SQS once it is asked for."""

    def __init__(self, folder: Path) -> None:
        ports: set[int] = set()
        for _ in range(3):
            ports.add(any_free(except_for=frozenset(ports)))
        self.postgres = Postgres(
            data=folder / "postgres",
            port=ports.pop(),
            password="test",
            log=folder / "postgres.log",
        )
        self.valkey = Valkey(
            data=folder / "valkey",
            port=ports.pop(),
            password="test",
            log=folder / "valkey.log",
            is_durable=False,
        )
        self.sqs = Sqs(port=ports.pop(), log=folder / "sqs.log", prefix="chaos-")
        self._supervisor = Supervisor(run_folder=folder, say=lambda _: None)
        self._environment: dict[str, str] = {}

    def start(self) -> None:
        self._supervisor.start(self.valkey.prepare())
        self._supervisor.start(self.postgres.prepare())
        self._supervisor.wait_ready("postgres", self.postgres.is_ready)
        self._supervisor.wait_ready("valkey", self.valkey.is_ready)
        self.postgres.finish()
        roles = make_roles(self.postgres.url, PASSWORDS)
        allow_deletes(self.postgres.url)
        self._environment = roles | {"REDIS_URL": self.valkey.url}

    def environment(self, broker: str) -> dict[str, str]:
        """What leads a process to them, and its messages over "valkey" or "sqs"."""
        if broker == "valkey":
            return self._environment
        if "sqs" not in self._supervisor.pids():
            self._supervisor.start(self.sqs.prepare())
            self._supervisor.wait_ready("sqs", self.sqs.is_ready)
        return self._environment | sqs_environment(self.sqs.address, prefix=self.sqs.prefix)

    def stop(self) -> None:
        self._supervisor.stop()

    def flush_valkey(self) -> None:
        """Every chord and counter is gone, and every message that Valkey carried."""
        with redis.Redis.from_url(self.valkey.url) as client:
            client.flushall()

    def restart_valkey(self) -> None:
        """Killed; it comes back empty."""
        self._restart("valkey", signal.SIGKILL, self.valkey.is_ready)

    def restart_sqs(self) -> None:
        """Killed; it comes back with empty queues."""
        self._restart("sqs", signal.SIGKILL, self.sqs.is_ready)

    def crash_sqs(self) -> None:
        """The same, without waiting until it is back; `tick` or `await_sqs` starts it again."""
        os.kill(self._supervisor.pids()["sqs"], signal.SIGKILL)

    def await_sqs(self) -> None:
        """Until it is back after a crash."""
        self._supervisor.wait_until(
            lambda: "sqs" in self._supervisor.pids() and self.sqs.is_ready(),
            timeout_seconds=60,
            what="sqs to come back",
        )

    def restart_postgres(self) -> None:
        """An immediate shutdown: open transactions are cut, and recovered from the log."""
        self._restart("postgres", signal.SIGQUIT, self.postgres.is_ready)

    def crash_postgres(self) -> None:
        """The same, without waiting until it is back; `tick` starts it again."""
        os.kill(self._supervisor.pids()["postgres"], signal.SIGQUIT)

    def await_postgres(self) -> None:
        """Until it is back after a crash."""
        self._supervisor.wait_until(
            lambda: "postgres" in self._supervisor.pids() and self.postgres.is_ready(),
            timeout_seconds=60,
            what="postgres to come back",
        )

    def tick(self) -> None:
        self._supervisor.tick()

    def _restart(self, name: str, how: signal.Signals, is_ready: Callable[[], bool]) -> None:
        victim = self._supervisor.pids()[name]
        os.kill(victim, how)
        self._supervisor.wait_until(
            lambda: self._supervisor.pids().get(name, victim) != victim and is_ready(),
            timeout_seconds=30,
            what=f"{name} to come back",
        )


@contextmanager
def own_servers() -> Iterator[Servers]:
    """Started in a new folder, with an empty database at the schema of today."""
    folder = Path(tempfile.mkdtemp(prefix="agentplatform-chaos-"))
    folder.chmod(0o755)
    servers = Servers(folder)
    try:
        servers.start()
        with using(servers, broker="valkey"):
            call_command("migrate", database="owner", interactive=False, verbosity=0)
            disconnect()
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def using(servers: Servers, *, broker: str) -> Iterator[None]:
    """This process's Django and Celery work on these servers inside the block."""
    disconnect()
    with pytest.MonkeyPatch.context() as patch:
        move_to(patch, servers.environment(broker))
        for alias, found in databases(Environment()).items():
            for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
                patch.setitem(connections[alias].settings_dict, key, found[key])
        yield
        disconnect()
    connect_anew()


def disconnect() -> None:
    """Forget every connection to PostgreSQL; the next query makes a new one."""
    for alias in ALIASES:
        connections[alias].close()
        close_pool = getattr(connections[alias], "close_pool", None)
        if close_pool is not None:
            close_pool()
