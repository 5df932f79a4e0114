"""Write down that a tool is to be called."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallFailure, CallPlan
from agentplatform.calls.plan import plan_row
from agentplatform.calls.states import FAILED
from agentplatform.core.json_values import clean_json
from apps.tools.contracts import ToolRequest
from apps.tools.models import ToolCall
from apps.tools.runners.registry import TOOLS, InvalidArguments, check_arguments


def plan_tool_call(*, plan: CallPlan, request: ToolRequest, at: datetime) -> UUID:
    """The id of the planned call. Requires a transaction.

    The same plan finds the same call. An unknown tool or wrong arguments make a call that has
    already failed, so that whoever asked is told.
    """
    arguments = clean_json(request.arguments)
    return plan_row(
        ToolCall,
        plan=plan,
        at=at,
        tool=clean_json(request.tool)[:100],
        arguments=arguments,
        timeout_seconds=request.timeout_seconds,
        **_verdict(request.tool, arguments, at),
    )


def _verdict(tool: str, arguments: dict[str, Any], at: datetime) -> dict[str, Any]:
    try:
        check_arguments(tool, arguments)
    except InvalidArguments as error:
        failure = CallFailure(code="invalid_arguments", detail=error.detail, is_retryable=False)
        return {"status": FAILED, "error": clean_json(asdict(failure)), "completed_at": at}
    return {"is_repeatable": TOOLS[tool].is_repeatable(arguments)}
