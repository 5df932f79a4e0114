"""PostgreSQL and Valkey for one command or one test session; nothing of them stays."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agentplatform.core.postgresql.roles import LOGINS, make_roles
from agentplatform.embedded.data_folder import DataFolder
from agentplatform.embedded.ports import any_free
from agentplatform.embedded.postgres import Postgres
from agentplatform.embedded.stack import browser_environment
from agentplatform.embedded.supervisor import Supervisor
from agentplatform.embedded.valkey import Valkey
from agentplatform.settings.environment import ROOT

SERVER = "SERVER_DATABASE_URL"
"""What leads to the server as its superuser; no process of the platform reads it."""
PASSWORDS = dict.fromkeys(LOGINS.values(), "test")


@contextlib.contextmanager
def throwaway_servers(*, is_durable: bool = False) -> Iterator[dict[str, str]]:
    """Start both in a new folder on free ports. Yields the environment that leads to them.

    `is_durable` true is for measuring: they write as servers in production do.
    """
    folder = Path(tempfile.mkdtemp(prefix="agentplatform-"))
    folder.chmod(0o755)
    supervisor = Supervisor(run_folder=folder, say=lambda _: None)
    try:
        servers = start_servers(folder, supervisor, is_durable=is_durable)
        yield servers | browser_environment(DataFolder(ROOT / ".data"))
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def start_servers(
    folder: Path, supervisor: Supervisor, *, is_durable: bool = False
) -> dict[str, str]:
    port = any_free()
    postgres = Postgres(
        data=folder / "postgres",
        port=port,
        password="test",  # noqa: S106
        log=folder / "postgres.log",
        is_durable=is_durable,
    )
    valkey = Valkey(
        data=folder / "valkey",
        port=any_free(except_for=frozenset({port})),
        password="test",  # noqa: S106
        log=folder / "valkey.log",
        is_durable=is_durable,
    )
    supervisor.start(valkey.prepare())
    supervisor.start(postgres.prepare())
    supervisor.wait_ready("postgres", postgres.is_ready)
    supervisor.wait_ready("valkey", valkey.is_ready)
    postgres.finish()
    roles = make_roles(postgres.url, PASSWORDS, may_create_databases=True)
    return roles | {SERVER: postgres.url, "REDIS_URL": valkey.url}
