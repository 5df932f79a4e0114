"""Do the work of one call: claim it, run its tool, record the end."""

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from agentplatform.core.connections import brief_connection
from agentplatform.core.kill_points import reach
from agentplatform.core.transactions import refuse_transaction
from agentplatform.telemetry.metrics import TOOL_CALL_DURATION, TOOL_CALLS, tool_label
from apps.tenants.contracts import TenantInactive
from apps.tenants.facade import require_active
from apps.tools.models import ToolCall
from apps.tools.runners.work import Ran, Tool, ToolFailure
from apps.tools.services.claim_call import claim_call
from apps.tools.services.find_tools import find_tools
from apps.tools.services.finish_call import fail_call, finish_call
from apps.tools.services.leases import leases
from apps.tools.services.prepare_work import prepare_work
from apps.tools.services.request_log import request_log
from apps.tools.stores.store import StoreUnavailable

# How long the end of a call waits for the record of its last requests.
_LOG_SECONDS = 10.0

log = structlog.get_logger("tools")


def execute_call(*, call_id: UUID, clock: Callable[[], datetime]) -> None:
    """Run the call unless it has ended or somebody works on it: a second delivery does nothing.

    `clock` is read when the work starts and when it ends. Holds no transaction and no database
    connection while the tool runs; raises OpenTransaction inside one.
    """
    refuse_transaction()
    with brief_connection():
        call = claim_call(call_id=call_id, at=clock())
    if call is None:
        log.info("tool.skipped", call_id=str(call_id))
        return
    started = time.monotonic()
    outcome = _run(call)
    reach("after_answer", ToolCall.task)
    duration_ms = int((time.monotonic() - started) * 1000)
    with brief_connection():
        status, kept = _record(call, outcome, duration_ms, clock())
    if kept:
        label = tool_label(call.tool)
        TOOL_CALLS.labels(tool=label, status=status).inc()
        TOOL_CALL_DURATION.labels(tool=label).observe(duration_ms / 1000)
    log.info(
        "tool.finished" if kept else "tool.fence_lost",
        tool=call.tool,
        status=status,
        duration_ms=duration_ms,
        tenant_id=str(call.tenant_id),
        run_id=str(call.run_id),
        step_id=str(call.step_id),
        call_id=str(call.id),
    )


def _run(call: ToolCall) -> Ran | ToolFailure:
    assert call.lease_token is not None
    with leases.hold(call.lease_token, tenant_id=call.tenant_id) as stop:
        try:
            require_active(call.tenant_status)
            with brief_connection():
                tool = _find(call)
                work = prepare_work(call, tool=tool, stop=stop)
            return tool.run(work)
        except ToolFailure as failure:
            return failure
        except TenantInactive as error:
            return ToolFailure(error.code, error.detail)
        except Exception:
            log.exception("tool.crashed", tool=call.tool, call_id=str(call.id))
            return ToolFailure(
                "tool_crashed",
                f"The tool {call.tool!r} failed in a way it should not; see the worker's log.",
                is_retryable=True,
            )
        finally:
            request_log().flush(call.id, timeout_seconds=_LOG_SECONDS)


def _find(call: ToolCall) -> Tool:
    tool = find_tools(tenant_id=call.tenant_id, names=[call.tool]).get(call.tool)
    if tool is None:
        raise ToolFailure(
            "unknown_tool",
            f"There is no tool {call.tool!r} here; it was removed, or this worker runs another "
            "release.",
            is_retryable=True,
        )
    return tool


def _record(
    call: ToolCall, outcome: Ran | ToolFailure, duration_ms: int, at: datetime
) -> tuple[str, bool]:
    if isinstance(outcome, ToolFailure):
        kept = fail_call(call=call, failure=outcome, duration_ms=duration_ms, at=at)
        return outcome.code, kept
    try:
        return outcome.status, finish_call(call=call, ran=outcome, duration_ms=duration_ms, at=at)
    except StoreUnavailable as error:
        lost = ToolFailure(error.code, error.detail, is_retryable=call.is_repeatable)
        return _record(call, lost, duration_ms, at)
