"""Take a call to work on it, so that nobody else does."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from agentplatform.core.ids import new_id
from agentplatform.core.leases import CALL_LEASE
from apps.gateway.models import LlmCall
from apps.gateway.services.move_calls import move_calls
from apps.gateway.states import FAILED, MAX_EXECUTIONS, QUEUED, RUNNING


def claim_call(*, call_id: UUID, at: datetime) -> LlmCall | None:
    """The call with a fresh fencing token, or None when there is nothing to do: it has ended, is
    held by somebody, is not due, or was lost too often and is now given up.

    Each statement commits by itself; needs no transaction.
    """
    _give_up(call_id, at)
    token = new_id()
    free = Q(status=QUEUED) | Q(status=RUNNING, lease_expires_at__lte=at)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
    claimed = move_calls(
        LlmCall.objects.filter(free, due, id=call_id),
        to=RUNNING,
        lease_token=token,
        lease_expires_at=at + CALL_LEASE,
        executions=F("executions") + 1,
        started_at=at,
    )
    return LlmCall.objects.filter(id=call_id, lease_token=token).first() if claimed else None


def _give_up(call_id: UUID, at: datetime) -> None:
    failure = {
        "code": "worker_lost",
        "detail": f"The worker was lost {MAX_EXECUTIONS} times during this call.",
        "is_retryable": False,
    }
    lost = LlmCall.objects.filter(
        id=call_id, status=RUNNING, lease_expires_at__lte=at, executions__gte=MAX_EXECUTIONS
    )
    move_calls(lost, to=FAILED, error=failure, completed_at=at)
