"""Several writes in one round trip."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from django.db import DataError
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault
from psycopg.adapt import Transformer
from psycopg.errors import DivisionByZero

from agentplatform.core.postgresql.group_commit import COMMIT_LAZILY
from agentplatform.core.transactions import is_last_action, require_transaction, scope_connection


class RowMissing(RuntimeError):
    """A row to write, or to begin a transaction with, is not there as it was: nothing of the
    transaction is kept."""


ONE_ROW_OF = "select 1 / count(*) from {}"
"""Fails unless there is a row; the transaction with it, wherever its COMMIT is."""


@contextmanager
def missing_rows() -> Iterator[None]:
    """Raises RowMissing when ONE_ROW_OF has failed inside."""
    try:
        yield
    except DataError as error:
        if isinstance(error.__cause__, DivisionByZero):
            raise RowMissing("Somebody else has changed or deleted a row.") from error
        raise


class Batch:
    """Inserts and updates of rows by their values, and other writes, sent together, in this order.

    Each update is of exactly one row. Columns are named by their fields.
    """

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._parameters: list[Any] = []
        self._written: list[int] = []

    @property
    def is_empty(self) -> bool:
        return not self._statements

    def insert(
        self, model: type[Model], rows: Sequence[Mapping[str, Any]], *, may_exist: bool = False
    ) -> Callable[[], int]:
        """One statement for all `rows`, which name the same fields. `may_exist`: those that break a
        unique constraint are left out. Returns what tells, once they are sent, how many were
        written."""
        if not rows:
            return lambda: 0
        self._insert(model, rows, " on conflict do nothing" if may_exist else "")
        place = len(self._statements) - 1
        return lambda: self._written[place]

    def put(self, model: type[Model], row: Mapping[str, Any], *, key: str) -> None:
        """Insert `row`, or overwrite the one whose unique field `key` is the same."""
        sets = _joined(model, tuple(name for name in row if name != key), "{0} = excluded.{0}")
        tail = f" on conflict ({_joined(model, (key,), '{}')}) do update set {sets}"
        self._insert(model, [row], tail)

    def _insert(self, model: type[Model], rows: Sequence[Mapping[str, Any]], tail: str) -> None:
        columns = _joined(model, tuple(rows[0]), "{}")
        table = _quoted(model._meta.db_table)
        values = ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(rows))
        self._statements.append(f"insert into {table} ({columns}) values {values}{tail}")  # noqa: S608
        for row in rows:
            self._parameters += _prepared(model, row)

    def update(
        self, model: type[Model], changes: Mapping[str, Any], *, where: Mapping[str, Any]
    ) -> None:
        """Set `changes` on the row whose fields equal `where`."""
        sets = _joined(model, tuple(changes), "{} = %s")
        tests = _joined(model, tuple(where), "{} = %s", " and ")
        table = _quoted(model._meta.db_table)
        changed = f"update {table} set {sets} where {tests} returning 1"  # noqa: S608
        self._statements.append(f"with changed as ({changed}) {ONE_ROW_OF.format('changed')}")
        self._parameters += [*_prepared(model, changes), *_prepared(model, where)]

    def run(self, statement: str, parameters: Sequence[Any]) -> None:
        """SQL of ours, whose places for the parameters are %s."""
        self._statements.append(statement)
        self._parameters += parameters

    def commit_lazily(self) -> None:
        """As COMMIT_LAZILY says."""
        self._statements.append(COMMIT_LAZILY)

    def execute(self) -> None:
        """Send them, and the COMMIT if the transaction ends here. Raises RowMissing. Requires a
        transaction."""
        require_transaction()
        if not self._statements:
            return
        commit = "; commit" if is_last_action() else ""
        with scope_connection().cursor() as cursor, missing_rows():
            cursor.execute(self._text(cursor.connection) + commit)
            for _ in self._statements:
                self._written.append(cursor.rowcount)
                cursor.nextset()

    def _text(self, connection: Any) -> str:
        """The statements with their values. Psycopg would look for the places of the values first,
        which for hundreds of them takes longer than all the rest."""
        transformer = Transformer(connection)
        literals = [
            "NULL" if value is None else transformer.as_literal(value).decode()
            for value in self._parameters
        ]
        return "; ".join(self._statements) % tuple(literals)


def row_values(row: Model) -> dict[str, Any]:
    """Every column's value, by field, but those that the database gives."""
    values = {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return {name: value for name, value in values.items() if type(value) is not DatabaseDefault}


def _prepared(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    connection = scope_connection()
    fields = _fields(model, tuple(values))
    pairs = zip(fields, values.values(), strict=True)
    return [field.get_db_prep_save(value, connection) for field, value in pairs]


@cache
def _joined(model: type[Model], names: tuple[str, ...], form: str, by: str = ", ") -> str:
    """The columns of these fields, each in the form."""
    return by.join(form.format(_quoted(str(field.column))) for field in _fields(model, names))


@cache
def _fields(model: type[Model], names: tuple[str, ...]) -> "tuple[Field[Any, Any], ...]":
    return tuple(cast("Field[Any, Any]", model._meta.get_field(name)) for name in names)


def _quoted(name: str) -> str:
    return f'"{name}"'
