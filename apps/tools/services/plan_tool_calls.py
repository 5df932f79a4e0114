"""Write down that tools are to be called."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallFailure, CallPlan
from agentplatform.calls.plan import plan_rows
from agentplatform.calls.states import FAILED
from agentplatform.core.json_values import clean_json
from apps.tools.contracts import ToolRequest
from apps.tools.models import ToolCall
from apps.tools.runners.registry import TOOLS, InvalidArguments, check_arguments


def plan_tool_calls(*, wanted: Sequence[tuple[CallPlan, ToolRequest]], at: datetime) -> list[UUID]:
    """The ids of the planned calls that are to be made, in the same order. Requires a transaction.

    The same plan finds the same call. An unknown tool or wrong arguments make a call that has
    already failed, so that whoever asked is told; nobody needs to be sent to it.
    """
    asked = [(plan, _asked(request, at)) for plan, request in wanted]
    ids = plan_rows(ToolCall, wanted=asked, at=at)
    return [
        call_id
        for call_id, (_, call) in zip(ids, asked, strict=True)
        if call.get("status") != FAILED
    ]


def _asked(request: ToolRequest, at: datetime) -> dict[str, Any]:
    arguments = clean_json(request.arguments)
    return {
        "tool": clean_json(request.tool)[:100],
        "arguments": arguments,
        "timeout_seconds": request.timeout_seconds,
        **_verdict(request.tool, arguments, at),
    }


def _verdict(tool: str, arguments: dict[str, Any], at: datetime) -> dict[str, Any]:
    try:
        check_arguments(tool, arguments)
    except InvalidArguments as error:
        failure = CallFailure(code="invalid_arguments", detail=error.detail, is_retryable=False)
        return {"status": FAILED, "error": clean_json(asdict(failure)), "completed_at": at}
    return {"is_repeatable": TOOLS[tool].is_repeatable(arguments)}
