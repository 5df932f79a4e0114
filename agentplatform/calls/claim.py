"""Take a call to work on it, so that nobody else does."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from agentplatform.calls.conditions import abandoned, may_start
from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import end_rows, move_rows
from agentplatform.calls.row import Row
from agentplatform.calls.states import FAILED, MAX_EXECUTIONS, QUEUED, RUNNING
from agentplatform.core.ids import new_id
from agentplatform.core.leases import CALL_LEASE

WORKER_LOST = CallFailure(
    code="worker_lost",
    detail=f"The worker was lost {MAX_EXECUTIONS} times during this call.",
    is_retryable=False,
)


def claim_row(model: type[Row], *, call_id: UUID, at: datetime) -> Row | None:
    """The call with a fresh fencing token, or None when there is nothing to do: it has ended, is
    held by somebody, is not due, or was lost too often and is now given up.

    Each statement commits by itself; needs no transaction.
    """
    call = model.objects.filter(id=call_id)
    exhausted = call.filter(abandoned(at), executions__gte=MAX_EXECUTIONS)
    end_rows(exhausted, to=FAILED, at=at, failure=WORKER_LOST)
    token = new_id()
    claimed = move_rows(
        call.filter(Q(status=QUEUED) | abandoned(at), may_start(at)),
        to=RUNNING,
        lease_token=token,
        lease_expires_at=at + CALL_LEASE,
        executions=F("executions") + 1,
        started_at=at,
    )
    return call.filter(lease_token=token).first() if claimed else None
