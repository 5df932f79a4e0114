"""Do the work of one call: claim it, have a provider answer, record the end."""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from datetime import datetime
from uuid import UUID

import structlog

from agentplatform.calls.claim import claim_row
from agentplatform.calls.contracts import CallFailure
from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import InvalidInput, PlatformError
from agentplatform.core.json_schema import find_schema_problem
from agentplatform.core.kill_points import reach
from agentplatform.core.transactions import refuse_transaction
from apps.gateway.contracts import CompletionRequest
from apps.gateway.models import LlmCall
from apps.gateway.services.attempt import Completed, Failed, Job, owner_of
from apps.gateway.services.engine import engine
from apps.gateway.services.finish_call import fail_call, finish_call
from apps.gateway.services.leases import leases
from apps.tenants.facade import require_active_tenant, spending_accounts

log = structlog.get_logger("llm")


def complete_call(*, call_id: UUID, clock: Callable[[], datetime]) -> None:
    """Have the call answered unless it has ended or somebody works on it: a second delivery pays
    nothing. Holds no transaction and no database connection while a provider works; raises
    OpenTransaction inside one."""
    refuse_transaction()
    with brief_connection():
        call = claim_row(LlmCall, call_id=call_id, at=clock())
    if call is None:
        log.info("llm.skipped", call_id=str(call_id))
        return
    assert call.lease_token is not None
    started = time.monotonic()
    with leases.hold(call.lease_token, tenant_id=call.tenant_id):
        outcome = _work(call, at=clock())
        reach("after_answer", LlmCall.task)
        duration_ms = int((time.monotonic() - started) * 1000)
        with brief_connection():
            kept = _record(call, outcome, duration_ms=duration_ms, at=clock())
    log.info(
        "llm.finished" if kept else "llm.fence_lost",
        status=outcome.failure.code if isinstance(outcome, Failed) else "success",
        duration_ms=duration_ms,
        tenant_id=str(call.tenant_id),
        run_id=str(call.run_id),
        step_id=str(call.step_id),
        call_id=str(call.id),
    )


def _work(call: LlmCall, *, at: datetime) -> Completed | Failed:
    try:
        with brief_connection():
            job = _job_of(call, at=at)
        return engine().complete(job)
    except PlatformError as error:
        code, detail, is_retryable = error.code, error.detail, error.is_retryable
    except CancelledError:  # its lease was released before: this is written nowhere
        code, detail, is_retryable = "worker_stopping", "The worker was told to stop.", True
    except Exception:
        log.exception("llm.crashed", call_id=str(call.id))
        code, is_retryable = "gateway_error", True
        detail = "The gateway failed in a way it should not; see the worker's log."
    return Failed(CallFailure(code=code, detail=detail, is_retryable=is_retryable))


def _job_of(call: LlmCall, *, at: datetime) -> Job:
    """Everything the pipeline needs to know. Raises PlatformError when nothing may be asked."""
    require_active_tenant(tenant_id=call.tenant_id)
    request = CompletionRequest.model_validate(call.request)
    _check_schema(request)
    return Job(
        owner=owner_of(call),
        request=request,
        accounts=spending_accounts(tenant_id=call.tenant_id, run_id=call.run_id, at=at),
        at=at,
    )


def _check_schema(request: CompletionRequest) -> None:
    schemas = [tool.parameters for tool in request.tools]
    if request.response_schema is not None:
        schemas.append(request.response_schema)
    for schema in schemas:
        if problem := find_schema_problem(schema):
            raise InvalidInput(f"This is no JSON schema: {problem}")


def _record(call: LlmCall, outcome: Completed | Failed, *, duration_ms: int, at: datetime) -> bool:
    if isinstance(outcome, Completed):
        return finish_call(call=call, completed=outcome, duration_ms=duration_ms, at=at)
    return fail_call(call=call, failure=outcome.failure, duration_ms=duration_ms, at=at)
