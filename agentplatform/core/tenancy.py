"""Whose rows the code of the moment may see: one tenant's, every tenant's, or nobody's.

A scope is a value in the context. What reaches the database of it is transaction-local
(agentplatform.core.postgresql.base), so it outlives neither a statement nor a transaction, and no
connection that is pooled or waits for a model carries it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from django.db import connections

APPLICATION = "default"
"""The alias of the role that row-level security holds."""
ADMIN = "admin"
"""The alias of the role that sees every tenant."""
OWNER = "owner"
"""The alias of the role that owns the tables; only migrations use it."""


class ScopeError(RuntimeError):
    """A scope was opened where it could widen or change what an outer one allows: a bug."""


class RowGone(LookupError):
    """The row whose tenant was to be found out is not there."""


@dataclass(frozen=True)
class Scope:
    """`alias` is the database alias that every query goes to; `tenant_id` whose rows it sees. With
    a `row`, table and id, it is that row's tenant, whom the first statement finds out."""

    alias: str
    tenant_id: UUID | None = None
    row: tuple[str, UUID] | None = None


NOBODY = Scope(APPLICATION)
PLATFORM = Scope(ADMIN)

_scope: ContextVar[Scope] = ContextVar("scope", default=NOBODY)


def current_scope() -> Scope:
    """The scope of the moment; without one, no row of any tenant is seen."""
    return _scope.get()


@contextmanager
def tenant_scope(tenant_id: UUID) -> Iterator[None]:
    """See and write one tenant's rows inside the block. Again for the same tenant is harmless.

    Raises ScopeError inside another tenant's scope, and inside a transaction of another scope.
    """
    _find_tenant()
    held = _scope.get().tenant_id
    if held not in (None, tenant_id):
        raise ScopeError("the scope of another tenant is open")
    with _entered(Scope(APPLICATION, tenant_id)):
        yield


@contextmanager
def row_scope(table: str, row_id: UUID) -> Iterator[None]:
    """See and write the rows of the tenant to whom a row of `table` belongs. The first statement
    inside the block finds out who that is, and raises RowGone if there is no such row.

    The table must have been given to `row_security.tell_tenant`. Raises ScopeError inside another
    scope."""
    if _scope.get() != NOBODY:
        raise ScopeError("another scope is open")
    with _entered(Scope(APPLICATION, row=(table, row_id))):
        yield


def learn_tenant(tenant_id: UUID) -> None:
    """The tenant of the present row_scope() is found: for who sends statements."""
    _scope.set(Scope(APPLICATION, tenant_id))


@contextmanager
def platform_scope() -> Iterator[None]:
    """See every tenant's rows inside the block, through the alias `admin`: for recovery, the admin
    site and commands. Raises ScopeError inside a tenant's scope, and inside a transaction."""
    if _scope.get().tenant_id is not None or _scope.get().row is not None:
        raise ScopeError("a tenant's scope cannot be widened")
    with _entered(PLATFORM):
        yield


@contextmanager
def no_scope() -> Iterator[None]:
    """Where a request or a task begins: nothing is seen until it says whose rows it is about."""
    held = _scope.get()
    _scope.set(NOBODY)
    try:
        yield
    finally:
        _scope.set(held)


def enter_tenant(tenant_id: UUID) -> None:
    """From now to the end of the surrounding no_scope(), see this tenant's rows: for whoever has
    just found out who asks. Raises ScopeError as tenant_scope does."""
    if _scope.get() not in (NOBODY, wanted := Scope(APPLICATION, tenant_id)):
        raise ScopeError("another scope is open")
    _refuse_inside_transaction(wanted)
    _scope.set(wanted)


@contextmanager
def _entered(wanted: Scope) -> Iterator[None]:
    held = _scope.get()
    if wanted != held:
        _refuse_inside_transaction(wanted)
    _scope.set(wanted)
    try:
        yield
    finally:
        _scope.set(held)


def _find_tenant() -> None:
    """Any statement does."""
    if _scope.get().row is not None:
        with connections[APPLICATION].cursor() as cursor:
            cursor.execute("select 1")


def _refuse_inside_transaction(wanted: Scope) -> None:
    """A transaction belongs to the scope that it began in."""
    for alias in {_scope.get().alias, wanted.alias} & set(connections):
        if connections[alias].in_atomic_block:
            raise ScopeError("open the scope before the transaction")
