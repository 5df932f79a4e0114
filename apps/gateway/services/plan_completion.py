"""Write down that a model is to be called."""

from datetime import datetime
from uuid import UUID

from agentplatform.calls.contracts import CallPlan
from agentplatform.calls.plan import plan_row
from agentplatform.core.json_values import clean_json
from apps.gateway.contracts import CompletionRequest
from apps.gateway.models import LlmCall


def plan_completion(*, plan: CallPlan, request: CompletionRequest, at: datetime) -> UUID:
    """The id of the planned call. Requires a transaction. The same plan finds the same call."""
    asked = clean_json(request.model_dump(mode="json", exclude=_left_out(request)))
    return plan_row(LlmCall, plan=plan, at=at, request=asked)


def _left_out(request: CompletionRequest) -> set[str]:
    """What a worker of the release before does not know, where it is not needed."""
    return set() if request.is_streamed else {"is_streamed"}
