"""Take a call to work on it, so that nobody else does."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from agentplatform.core.ids import new_id
from agentplatform.core.leases import CALL_LEASE
from apps.tools.models import ToolCall
from apps.tools.services.move_calls import move_calls
from apps.tools.states import FAILED, MAX_EXECUTIONS, QUEUED, RUNNING


def claim_call(*, call_id: UUID, at: datetime) -> ToolCall | None:
    """The call with a fresh fencing token, or None when there is nothing to do: it has ended, is
    held by somebody, is not due, or was lost too often and is now given up.

    Each statement commits by itself; needs no transaction.
    """
    _give_up(call_id, at)
    token = new_id()
    free = Q(status=QUEUED) | Q(status=RUNNING, lease_expires_at__lte=at)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
    claimed = move_calls(
        ToolCall.objects.filter(free, due, id=call_id),
        to=RUNNING,
        lease_token=token,
        lease_expires_at=at + CALL_LEASE,
        executions=F("executions") + 1,
        started_at=at,
    )
    return ToolCall.objects.filter(id=call_id, lease_token=token).first() if claimed else None


def _give_up(call_id: UUID, at: datetime) -> None:
    lost = ToolCall.objects.filter(id=call_id, status=RUNNING, lease_expires_at__lte=at)
    unrepeatable = _failure(
        "outcome_unknown",
        "The worker was lost during a call that must not be repeated; "
        "check at its receiver whether it took effect.",
    )
    exhausted = _failure(
        "worker_lost", f"The worker was lost {MAX_EXECUTIONS} times during this call."
    )
    move_calls(lost.filter(is_repeatable=False), to=FAILED, error=unrepeatable, completed_at=at)
    move_calls(
        lost.filter(executions__gte=MAX_EXECUTIONS), to=FAILED, error=exhausted, completed_at=at
    )


def _failure(code: str, detail: str) -> dict[str, Any]:
    return {"code": code, "detail": detail, "is_retryable": False}
