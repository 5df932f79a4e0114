"""Remember when the message of a call was sent."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.tools.models import ToolCall


def mark_dispatched(*, call_ids: Sequence[UUID], at: datetime) -> None:
    """Set dispatched_at of these calls. Joins the caller's transaction if there is one."""
    ToolCall.objects.filter(id__in=list(call_ids)).update(dispatched_at=at)
