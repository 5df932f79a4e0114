"""The audit and the ledger: no role of the platform changes or deletes a row."""

import pytest
from django.db import DatabaseError, connections

from agentplatform.core.postgresql.isolation.append_only import APPEND_ONLY
from agentplatform.core.tenancy import ADMIN, APPLICATION, OWNER
from apps.tenants.models import Tenant
from tests.integration.tenancy.tables import NO_PRIVILEGE

CHANGES = {
    "update": "update {table} set tenant_id = tenant_id",
    "delete": "delete from {table}",
    "delete of nothing": "delete from {table} where false",
    "insert that updates": (
        "insert into {table} select * from {table} on conflict (id) do update set id = excluded.id"
    ),
}


@pytest.mark.parametrize("alias", [APPLICATION, ADMIN, OWNER])
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_no_role_changes_a_row(
    two_tenants: tuple[Tenant, Tenant], alias: str, table: str, change: str
) -> None:
    with connections[alias].cursor() as cursor, pytest.raises(DatabaseError) as caught:
        cursor.execute(change.format(table=table))
    assert getattr(caught.value.__cause__, "sqlstate", "") == NO_PRIVILEGE


@pytest.mark.parametrize("alias", [APPLICATION, ADMIN])
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "change",
    [
        "truncate {table}",
        "alter table {table} disable trigger all",
        "drop trigger {table}_append_only on {table}",
        "set session_replication_role = replica",
    ],
)
@pytest.mark.usefixtures("transactional_db")
def test_no_role_that_serves_takes_the_guard_away(alias: str, table: str, change: str) -> None:
    with connections[alias].cursor() as cursor, pytest.raises(DatabaseError) as caught:
        cursor.execute(change.format(table=table))
    assert getattr(caught.value.__cause__, "sqlstate", "") == NO_PRIVILEGE
