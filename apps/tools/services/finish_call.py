"""Record how a call ended, once, if its fence still holds."""

from datetime import datetime
from io import BytesIO

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import finish_row
from agentplatform.calls.states import FAILED, SUCCESS
from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import transaction
from apps.tools.contracts import ToolResult
from apps.tools.models import Artifact, ToolCall
from apps.tools.runners.work import Ran, ToolFailure
from apps.tools.selectors import artifact_ref
from apps.tools.services.store_artifact import stage_artifact


def finish_call(*, call: ToolCall, ran: Ran, duration_ms: int, at: datetime) -> bool:
    """Record what a tool left: SUCCESS when it ended well, FAILED with its result otherwise.

    False when the fence is lost; then nothing is recorded. Opens its own transaction: the call
    and its artifacts appear together.
    """
    artifacts = _stage(call, ran, at)
    result = ToolResult(
        status=ran.status,
        value=ran.value,
        stdout=ran.stdout,
        stderr=ran.stderr,
        exit_code=ran.exit_code,
        artifacts=tuple(artifact_ref(artifact) for artifact in artifacts),
        duration_ms=duration_ms,
    )
    failure = None
    if ran.status != "ok":
        failure = CallFailure(code=ran.status, detail=ran.detail, is_retryable=False)
    with transaction():
        kept = finish_row(
            call,
            to=FAILED if failure else SUCCESS,
            at=at,
            failure=failure,
            response=clean_json(result.model_dump(mode="json")),
            backend=ran.backend,
            duration_ms=duration_ms,
            cpu_ms=ran.cpu_ms,
            peak_memory_bytes=ran.peak_memory_bytes,
        )
        if kept:
            Artifact.objects.bulk_create(artifacts)
    return kept


def fail_call(*, call: ToolCall, failure: ToolFailure, duration_ms: int, at: datetime) -> bool:
    """Record that the tool could not do its work. False when the fence is lost."""
    told = CallFailure(code=failure.code, detail=failure.detail, is_retryable=failure.is_retryable)
    return finish_row(call, to=FAILED, at=at, failure=told, duration_ms=duration_ms)


def _stage(call: ToolCall, ran: Ran, at: datetime) -> list[Artifact]:
    rows = []
    for file in ran.files:
        row = stage_artifact(
            tenant_id=call.tenant_id,
            name=file.name,
            content=BytesIO(file.content),
            limit_bytes=len(file.content),
            at=at,
        )
        row.run_id, row.step_id, row.call_id = call.run_id, call.step_id, call.id
        rows.append(row)
    return rows
