"""When a transaction begins on the server, and what it holds together."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connections
from psycopg.pq import TransactionStatus

from agentplatform.core.clock import now
from agentplatform.core.tenancy import APPLICATION, platform_scope, tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from apps.tenants.services.create_tenant import create_tenant
from tests.integration.tenancy.tables import ask


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    with platform_scope():
        return create_tenant(name="Acme", at=now())


class GivenUp(Exception):
    """The work inside a transaction fails."""


def status() -> TransactionStatus:
    """What the server said of the connection last."""
    found: TransactionStatus = connections[APPLICATION].connection.pgconn.transaction_status
    return found


def rename(tenant: Tenant) -> None:
    Tenant.objects.filter(id=tenant.id).update(name="Renamed")


def is_renamed(tenant: Tenant) -> bool:
    return Tenant.objects.get(id=tenant.id).name == "Renamed"


def fail_after(*works: Callable[[], object]) -> None:
    """A transaction that does all of it and is then given up."""
    with transaction():
        for work in works:
            work()
        raise GivenUp


def refused(sql: str) -> None:
    with pytest.raises(DatabaseError):
        ask(sql)


def test_a_transaction_begins_with_its_first_statement(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        ask("select 1")
        with transaction():
            assert status() == TransactionStatus.IDLE
            rename(tenant)
            assert status() == TransactionStatus.INTRANS
        assert status() == TransactionStatus.IDLE
        assert is_renamed(tenant)


def test_a_transaction_without_a_statement_ends_without_one(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        ask("select 1")
        with transaction():
            pass
        assert status() == TransactionStatus.IDLE


def test_work_that_fails_after_its_first_statement_leaves_nothing(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        with pytest.raises(GivenUp):
            fail_after(lambda: rename(tenant))
        assert not is_renamed(tenant)


def test_what_follows_a_first_statement_that_is_no_sql_is_a_transaction(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        with pytest.raises(GivenUp):
            fail_after(lambda: refused("this is no sql"), lambda: rename(tenant))
        assert not is_renamed(tenant)


def test_a_first_statement_that_fails_keeps_the_rest_from_happening(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        with pytest.raises(DatabaseError):
            fail_after(lambda: refused("select 1 / 0"), lambda: rename(tenant))
        assert not is_renamed(tenant)


def test_a_savepoint_can_be_the_first_statement(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        with transaction():
            with pytest.raises(GivenUp):
                fail_after(lambda: rename(tenant))
            assert not is_renamed(tenant)
            rename(tenant)
        assert is_renamed(tenant)
