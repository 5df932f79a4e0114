"""Write down that a model is to be called."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.calls import CallPlan
from agentplatform.core.ids import new_id
from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import require_transaction
from apps.gateway.contracts import CompletionRequest
from apps.gateway.models import LlmCall


def plan_completion(*, plan: CallPlan, request: CompletionRequest, at: datetime) -> UUID:
    """The id of the planned call. Requires a transaction. The same plan finds the same call."""
    require_transaction()
    call = LlmCall(
        id=new_id(),
        tenant_id=plan.tenant_id,
        run_id=plan.run_id,
        step_id=plan.step_id,
        attempt=plan.attempt,
        turn=plan.turn,
        index=plan.index,
        idempotency_key=plan.idempotency_key,
        request=clean_json(request.model_dump(mode="json")),
        created_at=at,
    )
    LlmCall.objects.bulk_create([call], ignore_conflicts=True)
    return LlmCall.objects.values_list("id", flat=True).get(idempotency_key=plan.idempotency_key)
