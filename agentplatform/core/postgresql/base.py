"""Django's PostgreSQL backend, telling the database whose rows may be seen.

The tenant of the current scope goes with the statement, in the same round trip, as a
transaction-local setting that the policies of row-level security read. Outside of a transaction a
statement and its setting are one implicit transaction; inside, the setting is made once. It is
never a setting of the session, so any pooler may sit in between.

A transaction, too, begins in the round trip of its first statement; and who the tenant of a row is
(tenancy.row_scope), the first statement's round trip finds out.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import NotSupportedError
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import sql
from psycopg.pq import TransactionStatus

from agentplatform.core.postgresql.timestamps import with_times
from agentplatform.core.tenancy import RowGone, current_scope, learn_tenant

SETTING = "app.tenant_id"
BEGIN = "begin"
SET_TENANT = f"select set_config('{SETTING}', %(tenant_id)s, true)"
"""Sees this tenant's rows until the transaction ends; an empty text or null: nobody's."""
TELLING = f"select set_config('{SETTING}', "
UNKNOWN = "?"


class ScopedCursor(base.Cursor):
    """A cursor whose statements begin the transaction and carry the scope. One that Django's
    backend opens for itself, while it connects, has no `database`."""

    database: "DatabaseWrapper | None" = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> "ScopedCursor":
        preamble = self._preamble()
        if not preamble:
            super().execute(query, params, **options)  # type: ignore[misc]
            return self
        statements = "; ".join([*preamble, _text_of(query, self)])
        super().execute(statements, params, **options)  # type: ignore[misc]
        self._hear(preamble)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        preamble = self._preamble()
        if preamble:
            if BEGIN not in preamble and _is_idle(self.connection):  # type: ignore[attr-defined]
                raise NotSupportedError("call executemany inside a transaction")
            super().execute("; ".join(preamble))  # type: ignore[misc]
            self._hear(preamble)
        super().executemany(query, params_seq, **options)  # type: ignore[misc]

    def _preamble(self) -> list[str]:
        return self.database.preamble(self.connection) if self.database else []  # type: ignore[attr-defined]

    def _hear(self, preamble: list[str]) -> None:
        """Pass over the results of the preamble, to that of the statement."""
        for statement in preamble:
            if self.database and statement.startswith(TELLING):
                self.database.hear_tenant(self.fetchone()[0])  # type: ignore[attr-defined]
            self.nextset()  # type: ignore[attr-defined]


class DatabaseWrapper(base.DatabaseWrapper):
    """`_told` is the tenant that the open transaction knows of, `_first` what it is to begin
    with."""

    _told = ""
    _first = ""

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        adapters = with_times(parameters["context"])
        return {**parameters, "context": adapters, "cursor_factory": ScopedCursor}

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        if isinstance(cursor, ScopedCursor):
            cursor.database = self
        return cursor

    def preamble(self, connection: Any) -> list[str]:
        """The statements that go before the next one, if any must."""
        begins = not self.autocommit and _is_idle(connection)
        scope = current_scope()
        statements = [BEGIN] if begins else []
        told = "" if begins or self.autocommit else self._told
        wanted = "" if scope.tenant_id is None else str(scope.tenant_id)
        if scope.row is not None:
            statements.append(_telling(f"coalesce({_owner_of(*scope.row)}::text, '')"))
        elif wanted != told:
            statements.append(_telling(f"'{wanted}'"))
        self._told = wanted
        if begins and self._first:
            statements.append(self._first)
            self._first = ""
        return statements

    def begin_with(self, statement: str) -> bool:
        """Send `statement` with the transaction's first one. False if that is gone."""
        if self.connection is not None and not _is_idle(self.connection):
            return False
        self._first = statement
        return True

    def hear_tenant(self, tenant_id: str) -> None:
        """The database was told of this tenant. Raises RowGone when it was to find one and did
        not."""
        self._told = tenant_id
        if current_scope().row is None:
            return
        if not tenant_id:
            raise RowGone
        learn_tenant(UUID(tenant_id))

    def _set_autocommit(self, _autocommit: bool) -> None:
        """Psycopg would begin a transaction in a round trip of its own, so it is never asked to."""
        if not self.connection.autocommit:
            super()._set_autocommit(True)  # type: ignore[misc]
        self._told = self._first = ""

    def _savepoint_rollback(self, sid: str) -> None:
        """Undoes a setting that was made after the savepoint. An aborted transaction takes no other
        statement before it."""
        tenant_id = current_scope().tenant_id
        self._told = "" if tenant_id is None else str(tenant_id)
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._told = UNKNOWN


def _telling(value: str) -> str:
    return f"{TELLING}{value}, true)"


def _owner_of(table: str, row_id: UUID) -> str:
    """The function that `row_security.tell_tenant` made for the table."""
    return f"tenant_of_{table}('{row_id}')"


def _text_of(query: Any, cursor: ScopedCursor) -> str:
    if isinstance(query, sql.Composable):
        return str(query.as_string(cursor))
    return query.decode() if isinstance(query, bytes) else str(query)


def _is_idle(connection: Any) -> bool:
    """Whether no transaction is open, whatever Django thinks."""
    return bool(connection.pgconn.transaction_status == TransactionStatus.IDLE)
