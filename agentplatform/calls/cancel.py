"""Take back calls that have not ended."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import end_rows, in_order
from agentplatform.calls.row import CallRow, Row
from agentplatform.calls.states import CALL, CANCELLED, QUEUED, RUNNING
from agentplatform.core.transactions import transaction

RUN_CANCELLED = CallFailure(code="cancelled", detail="The run was cancelled.", is_retryable=False)
TENANT_STOPPED = CallFailure(
    code="cancelled", detail="The tenant was suspended or deleted.", is_retryable=False
)


def cancel_rows(
    model: type[CallRow], *, run_id: UUID, at: datetime, step_ids: Collection[UUID] | None = None
) -> int:
    """How many calls of the run, or of these steps of it, were cancelled. Joins the caller's
    transaction if there is one.

    A queued call never starts; a running one loses its fence.
    """
    calls = model.objects.filter(run_id=run_id)
    if step_ids is not None:
        calls = calls.filter(step_id__in=list(step_ids))
    open_ones = calls.filter(status__in=CALL.sources_of(CANCELLED))
    with transaction():
        return end_rows(in_order(open_ones), to=CANCELLED, at=at, failure=RUN_CANCELLED)


def cancel_tenant_rows(model: type[Row], *, tenant_id: UUID, at: datetime, limit: int) -> int:
    """The same for up to `limit` calls of a tenant; 0 when none is open."""
    calls = model.objects.filter(tenant_id=tenant_id)
    queued = Q(status=QUEUED)
    for state in (queued & Q(is_held=False), queued & Q(is_held=True), Q(status=RUNNING)):
        ids = list(calls.filter(state).values_list("id", flat=True)[:limit])  # each by its index
        if ids:
            open_ones = calls.filter(id__in=ids)
            with transaction():
                return end_rows(in_order(open_ones), to=CANCELLED, at=at, failure=TENANT_STOPPED)
    return 0


def count_tenant_rows(model: type[Row], *, tenant_id: UUID) -> int:
    """How many calls of a tenant are open."""
    return model.objects.filter(tenant_id=tenant_id, status__in=(QUEUED, RUNNING)).count()
