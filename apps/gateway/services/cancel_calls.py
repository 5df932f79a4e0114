"""Take back every call of a run that has not ended."""

from datetime import datetime
from uuid import UUID

from apps.gateway.models import LlmCall
from apps.gateway.services.move_calls import move_calls
from apps.gateway.states import CANCELLED


def cancel_calls(*, run_id: UUID, at: datetime) -> int:
    """How many calls were cancelled. Joins the caller's transaction if there is one.

    A queued call never starts. A running one loses its fence: its answer is paid for, not used.
    """
    failure = {"code": "cancelled", "detail": "The run was cancelled.", "is_retryable": False}
    calls = LlmCall.objects.filter(run_id=run_id)
    return move_calls(calls, to=CANCELLED, error=failure, completed_at=at)
