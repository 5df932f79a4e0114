"""Take back what nobody waits for any more."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from apps.runs.models import Ask


def cancel_asks(*, run_id: UUID, at: datetime, step_ids: Collection[UUID] | None = None) -> int:
    """How many open asks of a locked run, or of these steps of it, were cancelled. Their child runs
    are cancelled as those of a step that is over. Joins the caller's transaction."""
    asks = Ask.objects.filter(run_id=run_id, status="WAITING")
    if step_ids is not None:
        asks = asks.filter(step_id__in=step_ids)
    return asks.update(status="CANCELLED", ended_at=at)
