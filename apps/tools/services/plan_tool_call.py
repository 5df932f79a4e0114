"""Write down that a tool is to be called."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.calls import CallPlan
from agentplatform.core.ids import new_id
from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import require_transaction
from apps.tools.contracts import ToolRequest
from apps.tools.models import ToolCall
from apps.tools.runners.registry import TOOLS, InvalidArguments, check_arguments
from apps.tools.states import FAILED, QUEUED


def plan_tool_call(*, plan: CallPlan, request: ToolRequest, at: datetime) -> UUID:
    """The id of the planned call. Requires a transaction.

    The same plan finds the same call. An unknown tool or wrong arguments make a call that has
    already failed, so that whoever asked is told.
    """
    require_transaction()
    arguments = clean_json(request.arguments)
    ToolCall.objects.bulk_create(
        [
            ToolCall(
                id=new_id(),
                tenant_id=plan.tenant_id,
                run_id=plan.run_id,
                step_id=plan.step_id,
                attempt=plan.attempt,
                turn=plan.turn,
                index=plan.index,
                idempotency_key=plan.idempotency_key,
                tool=clean_json(request.tool)[:100],
                arguments=arguments,
                timeout_seconds=request.timeout_seconds,
                created_at=at,
                **_first_state(request.tool, arguments, at),
            )
        ],
        ignore_conflicts=True,
    )
    return ToolCall.objects.values_list("id", flat=True).get(idempotency_key=plan.idempotency_key)


def _first_state(tool: str, arguments: dict[str, Any], at: datetime) -> dict[str, Any]:
    try:
        check_arguments(tool, arguments)
    except InvalidArguments as error:
        failure = {"code": "invalid_arguments", "detail": error.detail, "is_retryable": False}
        return {"status": FAILED, "error": failure, "completed_at": at}
    return {"status": QUEUED, "is_repeatable": TOOLS[tool].is_repeatable(arguments)}
