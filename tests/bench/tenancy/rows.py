"""The same runs twice: under row-level security, and in a twin of their table without."""

from uuid import UUID

import psycopg
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.ids import new_id
from agentplatform.core.tenancy import platform_scope
from agentplatform.embedded.with_servers import SERVER
from agentplatform.settings.databases import PLAIN_ENGINE
from apps.runs.models import Run, TaskDefinition, TaskVersion
from apps.tenants.models import Tenant

TWIN = "twin"
"""The database alias that leads to the twin: the application's role, Django's own backend."""

_MAKE_TWIN = """
create schema twin;
create table twin.runs (like public.runs including all);
insert into twin.runs select * from public.runs;
grant usage on schema twin to agentplatform_app;
grant select on twin.runs to agentplatform_app;
"""
_COPY = """
insert into runs select (jsonb_populate_record(run, jsonb_build_object('id', copy))).*
from runs run, unnest(%s::uuid[]) as copy where run.id = %s
"""

RunOf = tuple[UUID, UUID]
"""A tenant and the id of one of its runs."""


def make_rows(servers: dict[str, str], *, tenants: int, rows_each: int) -> list[RunOf]:
    """Fill both tables and open the alias TWIN. Returns every run."""
    with platform_scope():
        firsts = [_first_run(number) for number in range(tenants)]
        for first in firsts:
            _copy(first, rows_each - 1)
        rows = list(Run.objects.values_list("tenant_id", "id"))
    with psycopg.connect(servers[SERVER], autocommit=True) as server:
        server.execute(_MAKE_TWIN)
        server.execute("vacuum analyze public.runs, twin.runs")
    _open_twin()
    return rows


def _first_run(number: int) -> Run:
    at = now()
    tenant = Tenant.objects.create(name=f"Tenant {number}", slug=f"tenant-{number}")
    task = TaskDefinition.objects.create(tenant=tenant, name="task", created_at=at, updated_at=at)
    version = TaskVersion.objects.create(tenant=tenant, task=task, number=1, spec={}, created_at=at)
    times = {"created_at": at, "advanced_at": at, "deadline_at": at}
    return Run.objects.create(
        tenant=tenant, task_version=version, input={"topic": "queues"}, **times
    )


def _copy(run: Run, times: int) -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute(_COPY, [[new_id() for _ in range(times)], run.id])


def _open_twin() -> None:
    found = connections.settings["default"]
    options = found["OPTIONS"] | {"options": "-c search_path=twin,public"}
    connections.settings[TWIN] = found | {"ENGINE": PLAIN_ENGINE, "OPTIONS": options}
