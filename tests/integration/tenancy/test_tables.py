"""Raw SQL of the application's role on every table: another tenant's rows are not there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import NotSupportedError, connections

from agentplatform.core.tenancy import APPLICATION, no_scope, tenant_scope
from agentplatform.core.transactions import transaction
from apps.runs.models import Run
from apps.tenants.models import Tenant
from tests.integration.tenancy.tables import REFUSED, TABLES, WAYS, Table, Way, ask, attempt

Answers = dict[str, Any]
Pair = tuple[Tenant, Tenant]

READS = {
    "select": "select {key} from {name} where {column} = %(other)s",
    "count": "select 1 from {name} where {column} = %(other)s having count(*) > 0",
    "select for update": "select {key} from {name} where {column} = %(other)s for update",
    "join": (
        "select a.{key} from {name} a join {name} b using ({key}) where b.{column} = %(other)s"
    ),
    "common table": (
        "with t as materialized (select * from {name}) select 1 from t where {column} = %(other)s"
    ),
}
INSERTS = {
    "insert": (
        "insert into {name} select * from json_populate_record(null::{name}, %(row)s) returning *"
    ),
    "on conflict do nothing": (
        "insert into {name} select * from json_populate_record(null::{name}, %(row)s)"
        " on conflict do nothing returning *"
    ),
    "on conflict do update": (
        "insert into {name} select * from json_populate_record(null::{name}, %(row)s)"
        " on conflict ({key}) do update set {key} = excluded.{key} returning *"
    ),
}
CHANGES = {
    "update": "update {name} set {key} = {key} where {column} = %(other)s returning *",
    "delete": "delete from {name} where {column} = %(other)s returning *",
    "move": "update {name} set {column} = %(other)s where {column} = %(mine)s returning *",
    "merge": (
        "merge into {name} as t using (values (1)) as s on t.{column} = %(other)s"
        " when matched then delete"
    ),
}


def fill(query: str, table: Table) -> str:
    return query.format(name=table.name, column=table.column, key=table.key)


def answers(way: Way, pair: Pair, queries: dict[str, str]) -> Answers:
    """What the first tenant, come by `way`, gets of the second one's rows in every table."""
    mine, other = (tenant.id for tenant in pair)
    found = {}
    for table in TABLES:
        arguments = {"mine": mine, "other": other, "row": table.row(other)}
        for what, query in queries.items():
            got = attempt(way, mine, other, fill(query, table), arguments)
            found[f"{what} {table.name}"] = got
    return found


def counts(tenant: Tenant) -> dict[str, int]:
    """How many rows the tenant has, by table, as its own scope sees them."""
    with tenant_scope(tenant.id):
        return {
            table.name: len(ask(f"select 1 from {table.name} where {table.column} = '{tenant.id}'"))
            for table in TABLES
        }


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_another_tenants_rows_cannot_be_read(two_tenants: Pair, way: Way) -> None:
    found = answers(way, two_tenants, READS)
    assert {what: rows for what, rows in found.items() if rows not in ([], REFUSED)} == {}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_another_tenants_rows_cannot_be_changed(two_tenants: Pair, way: Way) -> None:
    before = counts(two_tenants[1])
    found = answers(way, two_tenants, CHANGES)
    assert {what: rows for what, rows in found.items() if rows not in ([], REFUSED)} == {}
    assert counts(two_tenants[1]) == before


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_row_for_another_tenant_is_refused(two_tenants: Pair, way: Way) -> None:
    assert set(answers(way, two_tenants, INSERTS).values()) == {REFUSED}


def test_the_tenant_itself_sees_every_table(two_tenants: Pair) -> None:
    """Or else none of the above would show anything."""
    assert all(counts(two_tenants[0]).values())


def test_without_a_scope_no_table_has_rows(two_tenants: Pair) -> None:
    with no_scope():
        assert {table.name: ask(f"select * from {table.name}") for table in TABLES} == {
            table.name: [] for table in TABLES
        }


def each_table(pair: Pair, read: Callable[[Table], list[tuple[Any, ...]]]) -> None:
    """`read` the tenants of all rows, for either tenant in turn, on one connection."""
    for table in TABLES:
        for tenant in (*pair, *pair):
            with tenant_scope(tenant.id), transaction():
                rows = read(table)
            assert {row[0] for row in rows} == {tenant.id}, table.name


def test_a_prepared_statement_sees_the_scope_it_is_executed_in(two_tenants: Pair) -> None:
    with no_scope():
        for table in TABLES:
            ask(f"prepare read_{table.name} as select {table.column} from {table.name}")
    try:
        for _ in range(3):  # past five executions the plan is made once and for all
            each_table(two_tenants, lambda table: ask(f"execute read_{table.name}"))
        with no_scope():
            assert all(ask(f"execute read_{table.name}") == [] for table in TABLES)
    finally:
        with no_scope():
            ask("deallocate all")


def test_a_cursor_sees_the_scope_it_was_declared_in(two_tenants: Pair) -> None:
    def read(table: Table) -> list[tuple[Any, ...]]:
        ask(f"declare c cursor for select {table.column} from {table.name}")
        return ask("fetch all from c")

    each_table(two_tenants, read)


def test_a_cursor_held_beyond_its_transaction_shows_its_own_tenant_only(two_tenants: Pair) -> None:
    mine, other = two_tenants
    with tenant_scope(mine.id), transaction():
        ask("declare held cursor with hold for select tenant_id from runs")
    try:
        with tenant_scope(other.id):
            assert {row[0] for row in ask("fetch all from held")} == {mine.id}
    finally:
        with no_scope():
            ask("close held")


def copy_out(query: str) -> list[tuple[Any, ...]]:
    with (
        connections[APPLICATION].cursor() as cursor,
        cursor.cursor.copy(f"copy ({query}) to stdout") as copy,
    ):
        copy.set_types(["uuid"])
        return list(copy.rows())


def test_copy_sees_the_scope_of_its_transaction(two_tenants: Pair) -> None:
    def read(table: Table) -> list[tuple[Any, ...]]:
        ask("select 1")
        return copy_out(f"select {table.column} from {table.name}")

    each_table(two_tenants, read)


def test_copy_outside_of_a_transaction_sees_nothing(two_tenants: Pair) -> None:
    with tenant_scope(two_tenants[0].id):
        assert copy_out("select tenant_id from runs") == []


def test_rows_cannot_be_copied_in_past_the_policies(two_tenants: Pair) -> None:
    with tenant_scope(two_tenants[0].id), pytest.raises(NotSupportedError, match="row-level"):
        ask("copy runs from stdin")


def test_explain_shows_that_the_policy_is_part_of_the_plan(two_tenants: Pair) -> None:
    for table in TABLES:
        for how in ("explain (verbose)", "explain (verbose, analyze)"):
            plan = attempt(
                WAYS[0], *(one.id for one in two_tenants), f"{how} select * from {table.name}"
            )
            assert "app.tenant_id" in str(plan), table.name


def test_many_rows_at_once_are_held_too(two_tenants: Pair) -> None:
    mine, other = two_tenants
    ids = [[run.id] for run in Run.objects.filter(tenant=other)]
    with tenant_scope(mine.id), transaction(), connections[APPLICATION].cursor() as cursor:
        cursor.executemany("delete from runs where id = %s", ids)
        assert cursor.rowcount == 0
    assert Run.objects.filter(tenant=other).count() == len(ids) > 0
