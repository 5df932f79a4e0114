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
from apps.tools.runners.registry import InvalidArguments, check_arguments
from apps.tools.runners.work import Tool
from apps.tools.services.find_tools import find_tools
from apps.tools.services.name_action import name_action
from apps.tools.services.shown_arguments import columns_of


def plan_tool_calls(
    batch: Batch, *, wanted: Sequence[tuple[CallPlan, ToolRequest]], at: datetime
) -> Callable[[], list[UUID]]:
    """Have `batch` write the planned calls. Returns what tells, once that is done, the ids of those
    that are to be made, in the same order.

    The same plan finds the same call. An unknown tool or wrong arguments make a call that has
    already failed, so that whoever asked is told; nobody needs to be sent to it.
    """
    tools = _tools(wanted)
    asked = [(plan, _asked(plan, request, tools[plan.tenant_id], at)) for plan, request in wanted]
    ids = plan_rows(batch, ToolCall, wanted=asked, at=at)
    is_to_be_made = [call.get("status") != FAILED for _, call in asked]
    return lambda: list(compress(ids(), is_to_be_made))


def _tools(wanted: Sequence[tuple[CallPlan, ToolRequest]]) -> dict[UUID, dict[str, Tool]]:
    """By tenant and name."""
    named: dict[UUID, set[str]] = {}
    for plan, request in wanted:
        named.setdefault(plan.tenant_id, set()).add(request.tool)
    return {tenant: find_tools(tenant_id=tenant, names=names) for tenant, names in named.items()}


def _asked(
    plan: CallPlan, request: ToolRequest, tools: dict[str, Tool], at: datetime
) -> dict[str, Any]:
    arguments = clean_json(request.arguments)
    if tool := tools.get(request.tool):
        arguments = tool.with_present_names(arguments)
    return {
        "tool": clean_json(request.tool)[:100],
        "action": name_action(request.tool, arguments),
        **columns_of(arguments, key=plan.idempotency_key),
        "timeout_seconds": request.timeout_seconds,
        **_verdict(request.tool, tools, arguments, at),
    }


def _verdict(
    name: str, tools: dict[str, Tool], arguments: dict[str, Any], at: datetime
) -> dict[str, Any]:
    try:
        if name not in tools:
            raise InvalidArguments(
                f"There is no tool {name[:100]!r}; GET /api/v1/tools lists those there are."
            )
        check_arguments(tools[name], arguments)
    except InvalidArguments as error:
        failure = CallFailure(code="invalid_arguments", detail=error.detail, is_retryable=False)
        return {
            "status": FAILED,
            "error": clean_json(asdict(failure)),
            "completed_at": at,
            "sealed_arguments": "",
        }
    return {"is_repeatable": tools[name].is_repeatable(arguments)}
