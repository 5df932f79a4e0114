"""The one place that sets the status of a call."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from django.db.models import QuerySet
from django.db.models.sql import UpdateQuery

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.row import Row
from agentplatform.calls.states import CALL
from agentplatform.core.json_values import clean_json


def move_rows(rows: QuerySet[Row], *, to: str, **changes: Any) -> int:
    """Move those of `rows` that may become `to`, in one statement. Returns how many did.

    Opens no transaction of its own. A terminal state gives up the lease.
    """
    if to in CALL.terminal:
        changes |= {"lease_token": None, "lease_expires_at": None}
    return rows.filter(status__in=CALL.sources_of(to)).update(status=to, **changes)


def take_rows(rows: QuerySet[Row], *, to: str, **changes: Any) -> list[Row]:
    """The same, and the rows as they are then, in the same round trip."""
    may_move = rows.filter(status__in=CALL.sources_of(to))
    update = cast("UpdateQuery", may_move.query.chain(UpdateQuery))
    update.add_update_values({"status": to, **changes})
    sql, parameters = update.get_compiler(rows.db).as_sql()
    return list(rows.model.objects.raw(f"{sql} returning *", parameters))


def end_rows(
    rows: QuerySet[Row], *, to: str, at: datetime, failure: CallFailure | None, **changes: Any
) -> int:
    """Move those of `rows` that may end as `to`, and say why if it is no success."""
    error = None if failure is None else clean_json(asdict(failure))
    return move_rows(rows, to=to, error=error, completed_at=at, **changes)


def finish_row(
    row: Row, *, to: str, at: datetime, failure: CallFailure | None = None, **changes: Any
) -> bool:
    """End a call that was claimed. False when its fence is lost; then nothing is written."""
    fenced = type(row).objects.filter(id=row.id, lease_token=row.lease_token)
    return bool(end_rows(fenced, to=to, at=at, failure=failure, **changes))
