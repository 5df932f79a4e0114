"""One batch of settlements and admissions for the SQL function `book`."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agentplatform.core.transactions import require_transaction, scope_connection
from apps.tenants.contracts import Admission, Settlement

BOOK = (
    "select book(%s::timestamptz,"
    " %s::uuid[], %s::bigint[], %s::bigint[], %s::boolean[],"
    " %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[],"
    " %s::bigint[], %s::bigint[], %s::timestamptz[], %s::jsonb[],"
    " %s::int[], %s::bigint[], %s::bigint[])"
)


def book_arguments(
    *, settlements: Sequence[Settlement], admissions: Sequence[Admission], at: datetime
) -> list[Any]:
    """The parameters of BOOK."""
    lines = [
        (number, account, amount)
        for number, admission in enumerate(admissions, start=1)
        for account, amount in admission.lines
    ]
    return [
        at,
        [one.attempt_id for one in settlements],
        [one.tokens for one in settlements],
        [one.cost_nanos for one in settlements],
        [one.is_confirmed for one in settlements],
        [one.attempt_id for one in admissions],
        [one.tenant_id for one in admissions],
        [one.call_id for one in admissions],
        [one.run_id for one in admissions],
        [one.tokens for one in admissions],
        [one.cost_nanos for one in admissions],
        [one.deadline for one in admissions],
        [json.dumps(one.memo) for one in admissions],
        [number for number, _, _ in lines],
        [account for _, account, _ in lines],
        [amount for _, _, amount in lines],
    ]


def settlement_statement(
    *, settlements: Sequence[Settlement], at: datetime
) -> tuple[str, Sequence[Any]]:
    """The statement that does what `settle` does, for a transaction of the caller's own."""
    return BOOK, book_arguments(settlements=settlements, admissions=(), at=at)


def settle(*, settlements: Sequence[Settlement], at: datetime) -> None:
    """Charge what attempts used and give back what they held. Requires a transaction.

    An attempt that is settled already, or expired, changes nothing.
    """
    require_transaction()
    with scope_connection().cursor() as cursor:
        cursor.execute(BOOK, book_arguments(settlements=settlements, admissions=(), at=at))
