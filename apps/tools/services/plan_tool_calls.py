"""Write down that tools are to be called."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import compress
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallFailure, CallPlan
from agentplatform.calls.plan import plan_rows
from agentplatform.calls.states import FAILED
from agentplatform.core.json_values import clean_json
from agentplatform.core.postgresql.batch import Batch
from apps.tools.contracts import ToolRequest
from apps.tools.models import ToolCall
from apps.tools.runners.registry import TOOLS, InvalidArguments, check_arguments


def plan_tool_calls(
    batch: Batch, *, wanted: Sequence[tuple[CallPlan, ToolRequest]], at: datetime
) -> Callable[[], list[UUID]]:
    """Have `batch` write the planned calls. Returns what tells, once that is done, the ids of those
    that are to be made, in the same order.

    The same plan finds the same call. An unknown tool or wrong arguments make a call that has
    already failed, so that whoever asked is told; nobody needs to be sent to it.
    """
    asked = [(plan, _asked(request, at)) for plan, request in wanted]
    ids = plan_rows(batch, ToolCall, wanted=asked, at=at)
    is_to_be_made = [call.get("status") != FAILED for _, call in asked]
    return lambda: list(compress(ids(), is_to_be_made))


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
