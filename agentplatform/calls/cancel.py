"""Take back every call of a run that has not ended."""

from datetime import datetime
from uuid import UUID

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import end_rows
from agentplatform.calls.row import CallRow
from agentplatform.calls.states import CANCELLED

RUN_CANCELLED = CallFailure(code="cancelled", detail="The run was cancelled.", is_retryable=False)


def cancel_rows(model: type[CallRow], *, run_id: UUID, at: datetime) -> int:
    """How many calls were cancelled. Joins the caller's transaction if there is one.

    A queued call never starts; a running one loses its fence.
    """
    calls = model.objects.filter(run_id=run_id)
    return end_rows(calls, to=CANCELLED, at=at, failure=RUN_CANCELLED)
