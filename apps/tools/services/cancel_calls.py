"""Take back every call of a run that has not ended."""

from datetime import datetime
from uuid import UUID

from apps.tools.models import ToolCall
from apps.tools.services.move_calls import move_calls
from apps.tools.states import CANCELLED


def cancel_calls(*, run_id: UUID, at: datetime) -> int:
    """How many calls were cancelled. Joins the caller's transaction if there is one.

    A queued call never starts. A running one loses its fence: nothing it leaves is recorded, and
    its sandbox is killed at the next renewal of its lease.
    """
    failure = {"code": "cancelled", "detail": "The run was cancelled.", "is_retryable": False}
    calls = ToolCall.objects.filter(run_id=run_id)
    return move_calls(calls, to=CANCELLED, error=failure, completed_at=at)
