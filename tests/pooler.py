"""`start_pooler(server_url, pool_size=1)`: a transaction pooler before the tests' PostgreSQL."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentplatform.embedded import pgbouncer
from agentplatform.embedded.pooler import Pooler
from agentplatform.embedded.ports import any_free
from agentplatform.embedded.supervisor import Supervisor
from agentplatform.settings.environment import ROOT

PROGRAMS = ROOT / ".data" / "pgbouncer"
StartPooler = Callable[..., str]


@pytest.fixture
def start_pooler() -> Iterator[StartPooler]:
    """Starts a pooler of the test's own, stopped with the test. Returns its address."""
    with contextlib.ExitStack() as poolers:

        def start(server_url: str, *, pool_size: int = 1) -> str:
            return poolers.enter_context(running_pooler(server_url, pool_size=pool_size))

        yield start


@contextlib.contextmanager
def running_pooler(server_url: str, *, pool_size: int = 1) -> Iterator[str]:
    """Start a pooler on a free port and yield its address: `server_url`'s, through the pooler.

    Skips the test on a machine where pgbouncer could not be had.
    """
    if not pgbouncer.find(PROGRAMS):
        pytest.skip("pgbouncer was not found: run make setup")
    folder = Path(tempfile.mkdtemp(prefix="agentplatform-"))
    folder.chmod(0o755)
    supervisor = Supervisor(run_folder=folder, say=lambda _: None)
    pooler = Pooler(
        folder=folder / "pgbouncer",
        programs=PROGRAMS,
        port=any_free(),
        server_url=server_url,
        pool_size=pool_size,
    )
    try:
        supervisor.start(pooler.prepare())
        supervisor.wait_ready("pgbouncer", pooler.is_ready)
        yield pooler.url
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)
