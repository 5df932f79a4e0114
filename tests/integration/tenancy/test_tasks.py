"""A task works for the tenant whose row its id names, and for nobody else."""

import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.db import connections

from agentplatform.celery import app as celery_app
from agentplatform.core.tasks import EVERY_TENANT, NO_TENANT, platform_task
from agentplatform.core.tenancy import ADMIN, ScopeError, platform_scope, tenant_scope
from agentplatform.queues import TASK_ROUTES
from apps.gateway.services.engine import reset_engine
from apps.tenants.models import Tenant
from tests.integration.tenancy.tables import TABLES, ask

Pair = tuple[Tenant, Tenant]


def tasks() -> dict[str, Any]:
    celery_app.loader.import_default_modules()
    return {name: celery_app.tasks[name] for name in sorted(TASK_ROUTES)}


TASKS = {name: task for name, task in tasks().items() if task.of != EVERY_TENANT}


@pytest.fixture(autouse=True)
def _no_engine_left() -> Iterator[None]:
    """A task that completes model calls starts one, with connections of its own."""
    yield
    reset_engine()


def owners() -> set[uuid.UUID]:
    """Whose rows the code of the moment sees, in every table."""
    union = " union ".join(f"select {table.column} from {table.name}" for table in TABLES)
    return {row[0] for row in ask(union)}


@cache
def look(of: str) -> Any:
    """A task that says whose rows it sees."""

    def planted(*, row_id: str) -> set[uuid.UUID]:
        return owners()

    return platform_task(name=f"planted.look_at_{of}", of=of)(planted)


def row_of(table: str, tenant: Tenant) -> str:
    with connections[ADMIN].cursor() as cursor:
        cursor.execute(f"select id from {table} where tenant_id = %s", [tenant.id])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("of", sorted({task.of for task in TASKS.values()} - {NO_TENANT}))
def test_a_task_sees_the_tenant_of_its_row_alone(two_tenants: Pair, of: str) -> None:
    task = look(of)
    for tenant in two_tenants:
        assert task(row_id=row_of(of, tenant)) == {tenant.id}


def test_a_task_does_not_believe_a_message_that_names_a_tenant(two_tenants: Pair) -> None:
    mine, other = two_tenants
    seen = look("runs")(row_id=row_of("runs", mine), tenant_id=str(other.id), tenant=str(other.id))
    assert seen == {mine.id}


def test_a_task_leaves_the_scope_that_it_is_called_in(two_tenants: Pair) -> None:
    """As an eager one would be, in a request of somebody else."""
    mine, other = two_tenants
    row = row_of("runs", other)
    with tenant_scope(mine.id):
        assert look("runs")(row_id=row) == {other.id}
        assert owners() == {mine.id}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_for_a_row_that_is_not_there_does_nothing(two_tenants: Pair, name: str) -> None:
    def rows() -> list[Any]:
        with connections[ADMIN].cursor() as cursor:
            cursor.execute(" union all ".join(f"select t::text from {t.name} t" for t in TABLES))
            return sorted(cursor.fetchall())

    before = rows()
    (first, *_) = TASKS[name].run.__kwdefaults__ or TASKS[name].run.__annotations__
    gone = str(uuid.uuid4())
    named = [gone] if first.endswith("_ids") else gone
    assert TASKS[name](**{first: named, "turn": 0}) is None
    assert rows() == before


def test_a_planted_service_cannot_widen_the_scope_of_its_task(two_tenants: Pair) -> None:
    def planted(*, run_id: str) -> None:
        with platform_scope():
            owners()

    task = platform_task(name="planted.widen", of="runs")(planted)
    with pytest.raises(ScopeError, match="cannot be widened"):
        task(run_id=row_of("runs", two_tenants[0]))


def test_a_planted_service_cannot_turn_to_another_tenant(two_tenants: Pair) -> None:
    mine, other = two_tenants

    def planted(*, run_id: str) -> None:
        with tenant_scope(other.id):
            owners()

    task = platform_task(name="planted.turn", of="runs")(planted)
    with pytest.raises(ScopeError, match="another tenant"):
        task(run_id=row_of("runs", mine))
