"""Whom a call is charged to, and the accounts that are open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.transactions import scope_connection
from apps.tenants.contracts import AccountRoom, Spending
from apps.tenants.models import ApiKey, User

SPENDING = (
    "select * from spending(%(tenant_id)s, %(run_ids)s::uuid[], %(user_ids)s::uuid[],"
    " %(api_key_ids)s::uuid[], %(ats)s::timestamptz[])"
)
"""Whom each call is charged to, and those of the accounts that are open: of the run, of the runs
that it works for, and of the month of tenant, user and key. Its parameters are those of
spending_arguments; its rows are for spending_of."""


@dataclass(frozen=True, kw_only=True)
class Spender:
    """Who makes a call at `at`: a run, or a user or a key themselves."""

    tenant_id: UUID
    run_id: UUID | None
    at: datetime
    user_id: UUID | None = None
    api_key_id: UUID | None = None


def spending(spender: Spender) -> Spending:
    """Whom a call is charged to, and on which accounts that are open. One query."""
    with scope_connection().cursor() as cursor:
        cursor.execute(SPENDING, spending_arguments(spender.tenant_id, [spender]))
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return spending_of(rows, count=1)[0]


def spending_arguments(tenant_id: UUID, spenders: Sequence[Spender]) -> dict[str, Any]:
    """The parameters of SPENDING for calls of spenders of this tenant."""
    return {
        "tenant_id": tenant_id,
        "run_ids": [one.run_id for one in spenders],
        "user_ids": [one.user_id for one in spenders],
        "api_key_ids": [one.api_key_id for one in spenders],
        "ats": [one.at for one in spenders],
    }


def spending_of(rows: Sequence[Mapping[str, Any]], *, count: int) -> list[Spending]:
    """The rows of SPENDING for so many spenders, as they cross the app's border."""
    by_place: dict[int, list[Mapping[str, Any]]] = {place: [] for place in range(1, count + 1)}
    for row in rows:
        by_place[row["place"]].append(row)
    return [_spending_of(some) for some in by_place.values()]


def _spending_of(rows: Sequence[Mapping[str, Any]]) -> Spending:
    return Spending(
        user_id=rows[0]["user_id"] if rows else None,
        api_key_id=rows[0]["api_key_id"] if rows else None,
        accounts=tuple(_room_of(row) for row in rows if row["id"] is not None),
    )


def _room_of(row: Mapping[str, Any]) -> AccountRoom:
    limit = row["hard_limit"]
    return AccountRoom(
        account_id=row["id"],
        kind=row["kind"],
        unit=row["unit"],
        hard_limit=limit,
        room=None if limit is None else max(0, limit - row["posted"] - row["reserved"]),
    )


def spender_names(*, user_ids: Collection[UUID], api_key_ids: Collection[UUID]) -> dict[UUID, str]:
    """What people call these users and keys, by id; those that are gone are left out."""
    users = User.objects.filter(id__in=user_ids).values_list("id", "email")
    keys = ApiKey.objects.filter(id__in=api_key_ids).values_list("id", "name")
    return {**dict(users), **dict(keys)}
