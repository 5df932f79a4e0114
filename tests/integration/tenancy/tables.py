"""Every table of tenants, and what raw SQL in a scope gets from it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections
from django.db.models import Model

from agentplatform.core.tenancy import ADMIN, APPLICATION, no_scope, tenant_scope
from agentplatform.core.transactions import transaction
from apps.tenants.models import Tenant
from tests.integration.tenants.life.whole_tenant import MODELS

REFUSED = "refused"
NO_PRIVILEGE = "42501"


@dataclass(frozen=True)
class Table:
    """`column` names a row's tenant, `key` the row."""

    name: str
    column: str
    key: str

    def row(self, tenant_id: UUID) -> str:
        """A row of the tenant as JSON."""
        query = f"select to_jsonb(t)::text from {self.name} t where {self.column} = %s limit 1"
        with connections[ADMIN].cursor() as cursor:
            cursor.execute(query, [tenant_id])
            return str(cursor.fetchone()[0])


def _table(model: type[Model]) -> Table:
    meta = model._meta
    column = "id" if model is Tenant else "tenant_id"
    return Table(meta.db_table, column, str(meta.pk.column if meta.pk else ""))


TABLES = [_table(model) for model in MODELS]


@contextmanager
def own_scope(mine: UUID, _other: UUID) -> Iterator[None]:
    with tenant_scope(mine):
        yield


@contextmanager
def own_transaction(mine: UUID, _other: UUID) -> Iterator[None]:
    with tenant_scope(mine), transaction():
        yield


@contextmanager
def nobody(_mine: UUID, _other: UUID) -> Iterator[None]:
    with no_scope():
        yield


@contextmanager
def nobodys_transaction(_mine: UUID, _other: UUID) -> Iterator[None]:
    with no_scope(), transaction():
        yield


@contextmanager
def after_a_savepoint(mine: UUID, _other: UUID) -> Iterator[None]:
    with tenant_scope(mine), transaction():
        roll_back_to_savepoint()
        yield


@contextmanager
def nobody_after_a_savepoint(_mine: UUID, _other: UUID) -> Iterator[None]:
    with no_scope(), transaction():
        roll_back_to_savepoint()
        yield


@contextmanager
def after_an_error(mine: UUID, _other: UUID) -> Iterator[None]:
    with tenant_scope(mine):
        fail()
        yield


@contextmanager
def after_an_error_in_a_savepoint(mine: UUID, _other: UUID) -> Iterator[None]:
    with tenant_scope(mine), transaction():
        fail()
        yield


@contextmanager
def after_the_other(mine: UUID, other: UUID) -> Iterator[None]:
    with no_scope():
        with tenant_scope(other), transaction():
            ask("select 1")
        with tenant_scope(mine):
            yield


@contextmanager
def nobody_after_the_other(_mine: UUID, other: UUID) -> Iterator[None]:
    with no_scope():
        with tenant_scope(other):
            fail()
            ask("select 1")
        yield


Way = Callable[[UUID, UUID], AbstractContextManager[None]]
WAYS: list[Way] = [
    own_scope,
    own_transaction,
    nobody,
    nobodys_transaction,
    after_a_savepoint,
    nobody_after_a_savepoint,
    after_an_error,
    after_an_error_in_a_savepoint,
    after_the_other,
    nobody_after_the_other,
]
"""How the application's role may come to a statement without being the other tenant."""


def roll_back_to_savepoint() -> None:
    ask("savepoint one")
    ask("select 1")
    connection = connections[APPLICATION]
    connection.savepoint_rollback("one")


def fail() -> None:
    try:
        with transaction():
            ask("select 1 / 0")
    except DatabaseError:
        return
    raise AssertionError("it did not fail")


def ask(query: str, arguments: Any = None) -> list[tuple[Any, ...]]:
    """The rows, as the application's role, in the scope of the moment."""
    with connections[APPLICATION].cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall() if cursor.description else []


def attempt(
    way: Way, mine: UUID, other: UUID, query: str, arguments: Any = None
) -> list[tuple[Any, ...]] | str:
    """The rows, or REFUSED where the database says that this may not be."""
    try:
        with way(mine, other):
            return ask(query, arguments)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == NO_PRIVILEGE:
            return REFUSED
        raise
