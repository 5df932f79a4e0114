"""Many rows like some that there are, without a service's work for each."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

OWNED = ("steps", "run_events")
"""Tables whose rows belong to a run, by run_id."""

_COLUMNS = """
select column_name, udt_name from information_schema.columns
where table_schema = 'public' and table_name = %s and is_identity = 'NO'
order by ordinal_position
"""


def copy_run(database: "psycopg.Connection[Any]", run: UUID, *, times: int, series: int) -> None:
    """So many runs like this one, with their steps and events, older than any real one.

    `series` is a small number, another one for each call.
    """
    for table in ("runs", *OWNED):
        _copy(database, table, run, times=times, series=series)


def _copy(
    database: "psycopg.Connection[Any]", table: str, run: UUID, *, times: int, series: int
) -> None:
    columns = database.execute(_COLUMNS, [table]).fetchall()
    own = "id" if table == "runs" else "run_id"
    row = _ordered(series, "copy.number * 1000 + original.place")
    values = {"id": row, own: _ordered(series, "copy.number")}
    names = [name for name, kind in columns if name != "id" or kind == "uuid"]
    chosen = [
        sql.SQL(values[name]) if name in values else sql.Identifier("original", name)
        for name in names
    ]
    statement = sql.SQL(
        "insert into {table} ({names}) select {chosen} "
        "from (select *, row_number() over () as place from {table} where {own} = %(run)s) "
        "as original, generate_series(1, %(times)s) as copy(number)"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        chosen=sql.SQL(", ").join(chosen),
        own=sql.Identifier(own),
    )
    database.execute(statement, {"run": run, "times": times})


def _ordered(series: int, number: str) -> str:
    """An id by a number: ids that are made one after the other are near to each other."""
    return f"('{series:04x}' || lpad(to_hex({number}), 28, '0'))::uuid"
