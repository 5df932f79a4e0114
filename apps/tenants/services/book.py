"""One batch of settlements and admissions for the SQL function `book`."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from agentplatform.core.transactions import require_transaction, scope_connection
from apps.tenants.contracts import Admission, Settlement

BOOK = (
    "select book(%s::timestamptz,"
    " %s::uuid[], %s::bigint[], %s::bigint[], %s::boolean[],"
    " %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[],"
    " %s::bigint[], %s::bigint[], %s::timestamptz[], %s::jsonb[],"
    " %s::int[], %s::bigint[], %s::bigint[]) as refusals"
)


def book_arguments(
    *, settlements: Sequence[Settlement], admissions: Sequence[Admission], at: datetime
) -> list[Any]:
    """The parameters of BOOK. Arrays are written here as PostgreSQL reads them: the driver takes
    several times as long for it, value by value."""
    lines = [
        (number, account, amount)
        for number, admission in enumerate(admissions, start=1)
        for account, amount in admission.lines
    ]
    return [
        at,
        _array(one.attempt_id for one in settlements),
        _array(one.tokens for one in settlements),
        _array(one.cost_nanos for one in settlements),
        _array(one.is_confirmed for one in settlements),
        _array(one.attempt_id for one in admissions),
        _array(one.tenant_id for one in admissions),
        _array(one.call_id for one in admissions),
        _array(one.run_id for one in admissions),
        _array(one.tokens for one in admissions),
        _array(one.cost_nanos for one in admissions),
        _array(one.deadline.isoformat() for one in admissions),
        _array(_quote(json.dumps(one.memo)) for one in admissions),
        _array(number for number, _, _ in lines),
        _array(account for _, account, _ in lines),
        _array(amount for _, _, amount in lines),
    ]


def book_statement(
    *, settlements: Sequence[Settlement], admissions: Sequence[Admission], at: datetime
) -> tuple[str, Sequence[Any]]:
    """The statement that books a batch, for a transaction of the caller's own. Its one row has
    `refusals`, for each admission 0 or the account that refused it."""
    arguments = book_arguments(settlements=settlements, admissions=admissions, at=at)
    return BOOK, arguments


def settle(*, settlements: Sequence[Settlement], at: datetime) -> None:
    """Charge what attempts used and give back what they held. Requires a transaction.

    An attempt that is settled already, or expired, changes nothing.
    """
    require_transaction()
    with scope_connection().cursor() as cursor:
        cursor.execute(BOOK, book_arguments(settlements=settlements, admissions=(), at=at))


def _array(values: Iterable[object]) -> str:
    """An array of what needs no quotes: numbers, ids, times, and what has them."""
    return "{" + ",".join("null" if value is None else str(value) for value in values) + "}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
