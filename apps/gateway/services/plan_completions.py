"""Write down that models are to be called."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from agentplatform.calls.contracts import CallPlan
from agentplatform.calls.plan import plan_rows
from agentplatform.core.json_values import clean_json
from apps.gateway.contracts import CompletionRequest
from apps.gateway.models import LlmCall


def plan_completions(
    *, wanted: Sequence[tuple[CallPlan, CompletionRequest]], at: datetime
) -> list[UUID]:
    """The ids of the planned calls, in the same order. Requires a transaction. The same plan finds
    the same call."""
    asked = [
        (plan, {"request": clean_json(request.model_dump(mode="json", exclude=_left_out(request)))})
        for plan, request in wanted
    ]
    return plan_rows(LlmCall, wanted=asked, at=at)


def _left_out(request: CompletionRequest) -> set[str]:
    """What a worker of the release before does not know, where it is not needed."""
    return set() if request.is_streamed else {"is_streamed"}
