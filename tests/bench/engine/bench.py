"""All that a line of the table measures with: servers, a provider, the platform's processes."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg

from agentplatform.embedded.supervisor import interrupt_on_signals
from agentplatform.embedded.with_servers import SERVER
from tests.bench.engine.installed import install_graphs
from tests.bench.engine.processes import Processes
from tests.bench.process import platform_process
from tests.provider import Provider, running_provider

if TYPE_CHECKING:
    from apps.runs.models import TaskDefinition

PROFILE = "agentplatform.settings.local"
OURS = {
    "SECRET_KEY": "bench-only-" + "0" * 40,
    "OPENAI_API_KEY": "bench",
    "DRAIN_SECONDS": "2",
    "TENANT_REQUESTS_PER_MINUTE": "1000000",
    "USER_REQUESTS_PER_MINUTE": "1000000",
    "PGAPPNAME": "bench",
}

WATCH = "watch"
"""The name of the session by which the bench looks on."""


@dataclass(kw_only=True)
class Bench:
    """One tenant without limits, and whoever works for it."""

    folder: Path
    servers: dict[str, str]
    provider: Provider
    processes: Processes
    tenant_id: UUID
    api_key: str

    @cached_property
    def database(self) -> "psycopg.Connection[Any]":
        """A session of the server's superuser, who sees every row."""
        return psycopg.connect(self.servers[SERVER], autocommit=True, application_name=WATCH)

    def own_database(self, name: str) -> str:
        """The address of a peer's database on the same server, as its superuser."""
        address, _, _ = self.servers[SERVER].rpartition("/")
        if not self.ask("select 1 from pg_database where datname = %s", name):
            self.database.execute(f"create database {name}".encode())
        return f"{address}/{name}"

    def ask(self, sql: str, *values: object) -> Any:
        """The first column of the first row."""
        row = self.database.execute(sql.encode(), values).fetchone()
        return row[0] if row else None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """As a request of the tenant: inside, services may be called."""
        from agentplatform.core.actor import Actor, acting
        from agentplatform.core.tenancy import tenant_scope

        with tenant_scope(self.tenant_id), acting(Actor(kind="system", name="bench")):
            yield

    def make_task(self, spec: dict[str, Any]) -> "TaskDefinition":
        """A task definition of this spec."""
        from agentplatform.core.clock import now
        from apps.runs.services.save_task import create_task

        with self.scope():
            return create_task(
                tenant_id=self.tenant_id,
                name=uuid4().hex,
                description="",
                spec=spec,
                created_by=None,
                at=now(),
            )

    def start_runs(self, task: "TaskDefinition", count: int = 1) -> list[UUID]:
        """Accept runs as the web process does, each in a transaction and with a message."""
        from agentplatform.core.clock import now
        from apps.runs.selectors import newest_version
        from apps.runs.services.create_run import create_run

        with self.scope():
            runs = (
                create_run(version=newest_version(task), given={}, created_by=None, at=now())
                for _ in range(count)
            )
            return [run.id for run, _ in runs]


@contextmanager
def running_bench(names: Sequence[str]) -> Iterator[Bench]:
    """Start all that these processes need, and them; stop it at the end, also when told to end by
    a signal."""
    interrupt_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="agentplatform-bench-"))
    metrics = folder / "metrics"
    metrics.mkdir()
    try:
        with running_provider() as provider:
            settings = OURS | {
                "OPENAI_BASE_URL": provider.openai_base_url,
                "PROMETHEUS_MULTIPROC_DIR": str(metrics),
                "ARTIFACT_FOLDER": str(folder / "artifacts"),
            }
            with platform_process(settings, profile=PROFILE) as servers:
                graphs = install_graphs(folder)
                sys.path.append(graphs)
                processes = Processes(folder, os.environ | {"PYTHONPATH": graphs})
                try:
                    processes.start(names)
                    tenant_id, api_key = make_tenant()
                    yield Bench(
                        folder=folder,
                        servers=servers,
                        provider=provider,
                        processes=processes,
                        tenant_id=tenant_id,
                        api_key=api_key,
                    )
                finally:
                    processes.supervisor.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_tenant() -> tuple[UUID, str]:
    """A tenant, and a key of it that may start runs."""
    from agentplatform.core.actor import Actor, acting
    from agentplatform.core.clock import now
    from agentplatform.core.tenancy import platform_scope
    from apps.tenants.services.create_api_key import create_api_key
    from apps.tenants.services.create_tenant import create_tenant

    with platform_scope(), acting(Actor(kind="system", name="bench")):
        tenant_id = create_tenant(name="Bench", at=now()).id
        return tenant_id, create_api_key(tenant_id=tenant_id, name="bench", at=now()).secret
