"""Several reads of rows in one round trip."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db.models import Model

from agentplatform.core.transactions import scope_connection

Convert = Callable[..., Any]
RowModel = TypeVar("RowModel", bound=Model)


class Reads:
    """Selects of whole rows, sent together and carried out in this order: one that waits for a lock
    lets those after it see what the holder has committed."""

    def __init__(self) -> None:
        self._selects: list[tuple[type[Model], tuple[str, ...]]] = []
        self._statements: list[str] = []
        self._parameters: list[Any] = []
        self._found: list[list[Any]] = []

    def add(
        self,
        model: type[Model],
        tail: str,
        parameters: Sequence[Any],
        *,
        also: Mapping[str, str] | None = None,
    ) -> Callable[[], list[Any]]:
        """Read rows of `model`; `tail` is what follows the name of its table, SQL of ours. `also`
        names attributes that each row gets besides, and the SQL of their values. Returns what gives
        the rows, once they are read."""
        also = also or {}
        table = f'"{model._meta.db_table}"'
        columns = ", ".join([columns_of(model, table), *also.values()])
        self._statements.append(f"select {columns} from {table} {tail}")  # noqa: S608
        self._parameters += parameters
        self._selects.append((model, tuple(also)))
        place = len(self._selects) - 1
        return lambda: self._found[place]

    def execute(self) -> None:
        """Send them."""
        with scope_connection().cursor() as cursor:
            cursor.execute("; ".join(self._statements), self._parameters)
            for model, also in self._selects:
                self._found.append([row_of(model, also, values) for values in cursor.fetchall()])
                cursor.nextset()


def row_of(model: type[RowModel], also: tuple[str, ...], values: Sequence[Any]) -> RowModel:
    """The row of the values of columns_of(), and after them of the attributes `also`."""
    connection = scope_connection()
    names = _names(model)
    own = list(values[: len(names)])
    for position, convert, column in _converters(model):
        own[position] = convert(own[position], column, connection)
    row = model.from_db(connection.alias, names, own)
    for name, value in zip(also, values[len(names) :], strict=True):
        setattr(row, name, value)
    return row


@cache
def columns_of(model: type[Model], table: str) -> str:
    """What to select from a table, which may be an alias, for row_of()."""
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


@cache
def _names(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


@cache
def _converters(model: type[Model]) -> tuple[tuple[int, Convert, Any], ...]:
    """What makes a field's value of a column's, by position: of JSON, mostly."""
    connection = scope_connection()
    return tuple(
        (position, convert, field.cached_col)
        for position, field in enumerate(model._meta.concrete_fields)
        for convert in field.get_db_converters(connection)
    )
