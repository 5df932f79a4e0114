"""Take a tool call to work on it, unless its worker was lost and it must not be repeated."""

from datetime import datetime
from uuid import UUID

from agentplatform.calls.claim import claim_row
from agentplatform.calls.conditions import abandoned
from agentplatform.calls.move import end_rows
from agentplatform.calls.states import FAILED
from apps.tenants.facade import STATUS_OF
from apps.tools.models import ToolCall
from apps.tools.states import OUTCOME_UNKNOWN

_ALSO = {"tenant_status": STATUS_OF.format("taken.tenant_id")}


def claim_call(*, call_id: UUID, at: datetime) -> ToolCall | None:
    """The call with a fresh fencing token and its tenant_status, or None when there is nothing to
    do.

    Each statement commits by itself; needs no transaction.
    """
    call = claim_row(ToolCall, call_id=call_id, at=at, may_repeat="is_repeatable", also=_ALSO)
    if call is None:
        unrepeatable = ToolCall.objects.filter(abandoned(at), id=call_id, is_repeatable=False)
        end_rows(unrepeatable, to=FAILED, at=at, failure=OUTCOME_UNKNOWN)
    return call
