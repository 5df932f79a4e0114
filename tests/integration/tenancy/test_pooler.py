"""Many threads of two tenants behind a transaction pooler with one connection to the server."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.db import DatabaseError, connections

from agentplatform.core.tenancy import APPLICATION, no_scope, tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from tests.database import role_addresses
from tests.integration.tenancy.tables import TABLES, ask
from tests.pooler import StartPooler

THREADS = 12
ROUNDS = 5

Pair = tuple[Tenant, Tenant]
Work = Callable[[], set[UUID]]


@pytest.fixture
def pooled(two_tenants: Pair, start_pooler: StartPooler) -> Iterator[None]:
    """In new threads, the application's role signs in at the pooler, with a connection each."""
    address = urlsplit(start_pooler(role_addresses()["DATABASE_URL"], pool_size=1))
    direct = connections.settings[APPLICATION]
    place = {"HOST": address.hostname, "PORT": str(address.port)}
    connections.settings[APPLICATION] = {**direct, **place, "OPTIONS": {}}
    yield
    connections.settings[APPLICATION] = direct


def owners() -> set[UUID]:
    """Whose rows every table shows."""
    union = " union ".join(f"select {table.column} from {table.name}" for table in TABLES)
    return {row[0] for row in ask(union)}


def read() -> set[UUID]:
    return owners()


def read_in_a_transaction() -> set[UUID]:
    with transaction():
        return owners() | owners()


def read_after_an_error() -> set[UUID]:
    with pytest.raises(DatabaseError):
        ask("select 1 / 0")
    return owners()


def read_after_a_rollback() -> set[UUID]:
    with transaction():
        seen = owners()
        connections[APPLICATION].set_rollback(True)
    return seen | owners()


def read_around_a_savepoint() -> set[UUID]:
    with transaction():
        with pytest.raises(DatabaseError), transaction():
            ask("select 1 / 0")
        return owners()


def read_and_leave() -> set[UUID]:
    """The client goes away in the middle of its transaction."""
    connection = connections[APPLICATION]
    connection.set_autocommit(False)
    seen = owners()
    connection.connection.pgconn.finish()
    connection.close()
    return seen


WORKS: list[Work] = [
    read,
    read_in_a_transaction,
    read_after_an_error,
    read_after_a_rollback,
    read_around_a_savepoint,
    read_and_leave,
]


def work_as(tenant_id: UUID | None, start: threading.Barrier) -> tuple[set[UUID], set[Any]]:
    """Whose rows a thread in this scope saw, and which settings it found without a scope."""
    seen: set[UUID] = set()
    settings = set()
    start.wait()
    try:
        for _ in range(ROUNDS):
            for work in WORKS:
                if tenant_id is None:
                    seen |= work()
                else:
                    with tenant_scope(tenant_id):
                        seen |= work()
                with no_scope():
                    ((setting,),) = ask("select current_setting('app.tenant_id', true)")
                settings.add(setting or "")
    finally:
        connections[APPLICATION].close()
    return seen, settings


def test_no_thread_ever_sees_a_row_of_another_scope(two_tenants: Pair, pooled: None) -> None:
    scopes = [*(tenant.id for tenant in two_tenants), None] * (THREADS // 3)
    start = threading.Barrier(len(scopes))
    with ThreadPoolExecutor(len(scopes)) as threads:
        futures = [threads.submit(Context().run, work_as, scope, start) for scope in scopes]
        found = [future.result() for future in futures]
    assert [seen for seen, _ in found] == [{scope} if scope else set() for scope in scopes]
    assert {setting for _, settings in found for setting in settings} == {""}


def test_all_of_it_goes_over_one_connection(pooled: None) -> None:
    def process(_: int) -> int:
        try:
            return int(ask("select pg_backend_pid()")[0][0])
        finally:
            connections[APPLICATION].close()

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(process, range(12)))) == 1
