"""Write down that a call is wanted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallPlan
from agentplatform.calls.row import CallRow
from agentplatform.core.ids import new_id
from agentplatform.core.transactions import require_transaction


def plan_row(model: type[CallRow], *, plan: CallPlan, at: datetime, **asked: Any) -> UUID:
    """The id of the planned call. Requires a transaction. The same plan finds the same call."""
    require_transaction()
    row = model(
        id=new_id(),
        tenant_id=plan.tenant_id,
        run_id=plan.run_id,
        step_id=plan.step_id,
        attempt=plan.attempt,
        turn=plan.turn,
        index=plan.index,
        idempotency_key=plan.idempotency_key,
        priority=plan.priority,
        is_held=plan.is_held,
        created_at=at,
        **asked,
    )
    model.objects.bulk_create([row], ignore_conflicts=True)
    return model.objects.values_list("id", flat=True).get(idempotency_key=plan.idempotency_key)
