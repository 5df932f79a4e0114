"""Take a call to work on it, so that nobody else does."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from agentplatform.calls.conditions import abandoned, may_start
from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import end_rows, take_rows
from agentplatform.calls.row import Row
from agentplatform.calls.states import FAILED, MAX_EXECUTIONS, QUEUED, RUNNING
from agentplatform.core.ids import new_id
from agentplatform.core.kill_points import reach
from agentplatform.core.leases import CALL_LEASE
from agentplatform.core.transactions import transaction
from agentplatform.dead_letters.bury_work import bury_work
from agentplatform.dead_letters.reasons import Reason

WORKER_LOST = CallFailure(
    code="worker_lost",
    detail=f"The worker was lost {MAX_EXECUTIONS} times during this call.",
    is_retryable=False,
)

ANY = Q()


def claim_row(model: type[Row], *, call_id: UUID, at: datetime, may_repeat: Q = ANY) -> Row | None:
    """The call with a fresh fencing token, or None when there is nothing to do: it has ended, is
    held by somebody, is not due, or was lost too often and is now given up as a dead letter. A call
    that lost its worker is taken again only where `may_repeat` is true.

    The claim commits by itself; giving up opens a transaction.
    """
    lost = abandoned(at) & Q(executions__lt=MAX_EXECUTIONS) & may_repeat
    claimed = take_rows(
        model.objects.filter(Q(status=QUEUED, is_held=False) | lost, may_start(at), id=call_id),
        to=RUNNING,
        lease_token=new_id(),
        lease_expires_at=at + CALL_LEASE,
        executions=F("executions") + 1,
        started_at=at,
    )
    if claimed:
        reach("after_claim", model.task)
        return claimed[0]
    _give_up(model, call_id=call_id, at=at)
    return None


def _give_up(model: type[Row], *, call_id: UUID, at: datetime) -> None:
    """Fail the call if it has lost its worker too often."""
    call = model.objects.filter(id=call_id)
    exhausted = call.filter(abandoned(at), executions__gte=MAX_EXECUTIONS)
    with transaction():
        if end_rows(exhausted, to=FAILED, at=at, failure=WORKER_LOST):
            row = call.only("tenant_id", "run_id", "step_id").get()
            bury_work(
                tenant_id=row.tenant_id,
                task=model.task,
                reason=Reason.WORKER_LOST,
                detail=WORKER_LOST.detail,
                run_id=row.run_id,
                step_id=row.step_id,
                call_id=call_id,
                at=at,
            )
