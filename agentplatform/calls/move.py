"""Where the status of a call is set, but for claims (calls.claim) and the gateway's answers."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.row import Row
from agentplatform.calls.states import CALL, RUNNING
from agentplatform.core.json_values import clean_json
from agentplatform.core.postgresql.batch import Batch

_NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_expires_at": None}


def move_rows(rows: QuerySet[Row], *, to: str, **changes: Any) -> int:
    """Move those of `rows` that may become `to`, in one statement. Returns how many did.

    Opens no transaction of its own. A terminal state gives up the lease.
    """
    if to in CALL.terminal:
        changes |= _NO_LEASE
    return rows.filter(status__in=CALL.sources_of(to)).update(status=to, **changes)


def end_rows(
    rows: QuerySet[Row], *, to: str, at: datetime, failure: CallFailure | None, **changes: Any
) -> int:
    """Move those of `rows` that may end as `to`, and say why if it is no success."""
    return move_rows(rows, to=to, error=_told(failure), completed_at=at, **changes)


def in_order(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The same rows, locked by the statement in the order of their ids before it writes them. Who
    writes several at once takes them so, and nobody waits in a circle. Requires a transaction."""
    ids = rows.order_by("id").select_for_update().values("id")
    return rows.model.objects.filter(id__in=ids)


def finish_row(
    row: Row, *, to: str, at: datetime, failure: CallFailure | None = None, **changes: Any
) -> bool:
    """End a call that was claimed. False when its fence is lost; then nothing is written."""
    fenced = type(row).objects.filter(id=row.id, lease_token=row.lease_token)
    return bool(end_rows(fenced, to=to, at=at, failure=failure, **changes))


def finish_in(
    batch: Batch,
    row: Row,
    *,
    to: str,
    at: datetime,
    failure: CallFailure | None = None,
    **changes: Any,
) -> None:
    """Have `batch` do the same. When the fence is lost, sending it raises RowMissing."""
    assert RUNNING in CALL.sources_of(to)
    end = {"status": to, "error": _told(failure), "completed_at": at, **_NO_LEASE}
    fence = {"id": row.id, "lease_token": row.lease_token, "status": RUNNING}
    batch.update(type(row), {**end, **changes}, where=fence)


def _told(failure: CallFailure | None) -> dict[str, Any] | None:
    return None if failure is None else clean_json(asdict(failure))
