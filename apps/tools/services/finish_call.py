"""Record how a call ended, once, if its fence still holds."""

from datetime import datetime
from io import BytesIO
from typing import Any

from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import transaction
from apps.tools.contracts import ToolResult
from apps.tools.models import Artifact, ToolCall
from apps.tools.runners.work import Ran, ToolFailure
from apps.tools.selectors import artifact_ref
from apps.tools.services.move_calls import move_calls
from apps.tools.services.store_artifact import stage_artifact
from apps.tools.states import FAILED, SUCCESS


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
    succeeded = ran.status == "ok"
    changes = {
        "response": clean_json(result.model_dump(mode="json")),
        "error": None if succeeded else _error(ran.status, ran.detail, is_retryable=False),
        "backend": ran.backend,
        "duration_ms": duration_ms,
        "cpu_ms": ran.cpu_ms,
        "peak_memory_bytes": ran.peak_memory_bytes,
    }
    with transaction():
        kept = _finish(call, to=SUCCESS if succeeded else FAILED, at=at, **changes)
        if kept:
            Artifact.objects.bulk_create(artifacts)
    return kept


def fail_call(*, call: ToolCall, failure: ToolFailure, duration_ms: int, at: datetime) -> bool:
    """Record that the tool could not do its work. False when the fence is lost."""
    error = _error(failure.code, failure.detail, is_retryable=failure.is_retryable)
    return _finish(call, to=FAILED, at=at, error=error, duration_ms=duration_ms)


def _finish(call: ToolCall, *, to: str, at: datetime, **changes: Any) -> bool:
    fenced = ToolCall.objects.filter(id=call.id, lease_token=call.lease_token)
    return bool(move_calls(fenced, to=to, completed_at=at, **changes))


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


def _error(code: str, detail: str, *, is_retryable: bool) -> dict[str, Any]:
    return {"code": code, "detail": clean_json(detail), "is_retryable": is_retryable}
