"""Locks on names instead of rows, held until the transaction ends."""

from collections.abc import Iterable

from psycopg import sql

from agentplatform.core.transactions import begin_with, require_transaction, scope_connection

_KEY = "hashtextextended(%s, 0)"


def lock_until_commit(*name: object) -> None:
    """Wait for the lock of this name and keep it. Requires a transaction.

    Who takes several takes them in the order of their names, as everybody does.
    """
    require_transaction()
    with scope_connection().cursor() as cursor:
        cursor.execute(f"select pg_advisory_xact_lock({_KEY})", [_text(name)])


def begin_with_locks(names: Iterable[tuple[object, ...]]) -> None:
    """The same for all these names, in the round trip of the open transaction's first statement,
    before it; now if there was one."""
    require_transaction()
    texts = sorted(map(_text, names))
    if texts:
        listed = sql.Literal(texts).as_string()
        key = _KEY % "name"
        locks = f"select pg_advisory_xact_lock({key}) from unnest({listed}::text[]) as name"  # noqa: S608
        begin_with(locks)


def try_lock_until_commit(*name: object) -> bool:
    """Keep the lock of this name; False when another transaction has it. Requires a transaction."""
    require_transaction()
    with scope_connection().cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_xact_lock({_KEY})", [_text(name)])
        row = cursor.fetchone()
    return bool(row and row[0])


def _text(name: tuple[object, ...]) -> str:
    return "/".join(map(str, name))
