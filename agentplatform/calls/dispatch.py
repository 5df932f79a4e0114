"""Remember when the message of a call was sent, and find the calls whose message may be lost."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from agentplatform.calls.conditions import abandoned, may_start
from agentplatform.calls.contracts import DueCall
from agentplatform.calls.row import CallRow
from agentplatform.calls.states import QUEUED
from agentplatform.core.postgresql.group_commit import COMMIT_LAZILY
from agentplatform.core.transactions import scope_connection

UNSENT_AFTER = timedelta(seconds=2)
"""How long a message that could not be sent waits before it is tried again."""
LOST_AFTER = timedelta(seconds=30)
"""How long a message may wait in its queue before it counts as lost. One that its sender died over,
between the commit and the sending, is lost too, if nobody sees that it died: to write down that it
was sent would take a transaction more in every turn."""

_MARK = """
update {table} set dispatched_at = %s where id in
  (select id from {table} where id = any(%s) order by id for update)
"""


def mark_rows_dispatched(
    model: type[CallRow], *, call_ids: Collection[UUID], at: datetime | None
) -> None:
    """Set dispatched_at of these calls, None when they were not sent, in a transaction of its own
    that does not wait for the disk: what a crash of the database forgets is sent again, which is
    harmless."""
    sql = _MARK.format(table=model._meta.db_table)
    with scope_connection().cursor() as cursor:
        cursor.execute(f"{COMMIT_LAZILY}; {sql}", [at, list(call_ids)])


def due_rows(model: type[CallRow], *, at: datetime, limit: int) -> list[DueCall]:
    """Unfinished calls that nobody holds and whose message may be lost, oldest first.

    An abandoned call is due at once, for its message went to the worker that let it go; a message
    sent since then has LOST_AFTER to arrive, as every other.
    """
    unsent = Q(dispatched_at__isnull=True)
    lost = Q(dispatched_at__lt=at - LOST_AFTER)
    queued = Q(status=QUEUED, is_held=False) & (unsent & Q(created_at__lt=at - UNSENT_AFTER) | lost)
    orphaned = abandoned(at) & (unsent | lost | Q(dispatched_at__lt=F("lease_expires_at")))
    rows = model.objects.filter(queued | orphaned, may_start(at)).order_by("created_at")
    return _due(model, rows[:limit])


def untaken_rows(model: type[CallRow], *, step_ids: Collection[UUID]) -> list[DueCall]:
    """Calls of these steps that nobody has ever taken, and whose message was sent once, if at
    all."""
    if not step_ids:
        return []
    return _due(
        model,
        model.objects.filter(
            step_id__in=step_ids,
            status=QUEUED,
            is_held=False,
            executions=0,
            dispatched_at=F("created_at"),
        ),
    )


def _due(model: type[CallRow], rows: "QuerySet[Any]") -> list[DueCall]:
    return [
        DueCall(call_id=call_id, kind=model.kind, step_id=step_id, turn=turn)
        for call_id, step_id, turn in rows.values_list("id", "step_id", "turn")
    ]
