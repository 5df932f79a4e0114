"""Calls that wait for a place: written down, and not sent before others have ended."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, Q

from agentplatform.calls.contracts import HeldCall
from agentplatform.calls.row import CallRow
from agentplatform.calls.states import QUEUED, RUNNING
from agentplatform.core.postgresql.backlog import count_backlog
from agentplatform.core.transactions import require_transaction

_HELD = f"status = '{QUEUED}' and is_held"


class HeldCalls:
    """The calls of one model. A call is in flight from when it may be sent until it has ended."""

    def __init__(self, model: type[CallRow]) -> None:
        self._model = model

    def backlog(self, *, limit: int) -> dict[UUID, int]:
        """How many of each tenant wait, at most `limit`; tenants of which none does, left out."""
        return count_backlog(self._model._meta.db_table, where=_HELD, limit=limit)

    def in_flight(self) -> Counter[UUID]:
        """How many of each tenant are in flight."""
        rows = self._model.objects.filter(Q(status=QUEUED, is_held=False) | Q(status=RUNNING))
        counts = rows.order_by().values_list("tenant_id").annotate(Count("id"))
        return Counter(dict(counts))

    def first(self, *, tenant_id: UUID, limit: int) -> list[HeldCall]:
        """Those of the tenant that come first, locked: by priority, then by age. Who locks one
        otherwise keeps it. Requires a transaction."""
        require_transaction()
        rows = self._model.objects.filter(tenant_id=tenant_id, status=QUEUED, is_held=True)
        rows = rows.order_by("-priority", "created_at", "id").select_for_update(skip_locked=True)
        return [
            HeldCall(
                call_id=row.id,
                kind=row.kind,
                step_id=row.step_id,
                turn=row.turn,
                priority=row.priority,
                created_at=row.created_at,
            )
            for row in rows.only("step_id", "turn", "priority", "created_at")[:limit]
        ]

    def release(self, *, call_ids: Collection[UUID]) -> None:
        """Let these calls be sent. Joins the caller's transaction."""
        self._model.objects.filter(id__in=list(call_ids), is_held=True).update(is_held=False)
