"""Reads of calls and artifacts."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from agentplatform.core.calls import CallFailure, CallOutcome, DueCall
from agentplatform.core.errors import NotFound
from apps.tools.contracts import ArtifactRef
from apps.tools.models import Artifact, ToolCall
from apps.tools.states import CALL, QUEUED, RUNNING, SUCCESS

UNSENT_AFTER = timedelta(seconds=2)
LOST_AFTER = timedelta(seconds=30)


def outcomes(*, step_id: UUID, attempt: int, turn: int) -> list[CallOutcome]:
    """The calls of one turn, ordered by index."""
    calls = ToolCall.objects.filter(step_id=step_id, attempt=attempt, turn=turn)
    return [_outcome(call) for call in calls.order_by("index")]


def due_calls(*, at: datetime, limit: int) -> list[DueCall]:
    """Unfinished calls that nobody holds and whose message may be lost, oldest first."""
    unsent = Q(dispatched_at__isnull=True, created_at__lt=at - UNSENT_AFTER)
    lost = Q(dispatched_at__lt=at - LOST_AFTER)
    waiting = Q(status=QUEUED) & (unsent | lost)
    abandoned = Q(status=RUNNING, lease_expires_at__lte=at)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at)
    rows = ToolCall.objects.filter(waiting | abandoned, due).order_by("created_at")
    return [
        DueCall(call_id=call_id, kind="tool", step_id=step_id, turn=turn)
        for call_id, step_id, turn in rows.values_list("id", "step_id", "turn")[:limit]
    ]


def steps_with_open_calls(*, step_ids: Collection[UUID]) -> set[UUID]:
    """Those of `step_ids` that still wait for a tool call."""
    calls = ToolCall.objects.filter(step_id__in=step_ids).exclude(status__in=CALL.terminal)
    return set(calls.values_list("step_id", flat=True))


def artifacts_of_run(*, tenant_id: UUID, run_id: UUID) -> list[ArtifactRef]:
    """The artifacts of one run, oldest first; none for another tenant's run."""
    rows = Artifact.objects.filter(tenant_id=tenant_id, run_id=run_id).order_by("id")
    return [artifact_ref(row) for row in rows]


def artifact_exists(*, tenant_id: UUID, artifact_id: UUID) -> bool:
    """Whether this tenant has this artifact."""
    return _artifact(tenant_id, artifact_id).exists()


def get_artifact(*, tenant_id: UUID, artifact_id: UUID) -> Artifact:
    """The artifact. Raises NotFound when it is missing or another tenant's."""
    row = _artifact(tenant_id, artifact_id).first()
    if row is None:
        raise NotFound(f"There is no artifact {artifact_id}.")
    return row


def artifact_ref(row: Artifact) -> ArtifactRef:
    """The row as it crosses the app's border."""
    return ArtifactRef(
        artifact_id=row.id,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
    )


def _artifact(tenant_id: UUID, artifact_id: UUID) -> QuerySet[Artifact]:
    return Artifact.objects.filter(tenant_id=tenant_id, id=artifact_id)


def _outcome(call: ToolCall) -> CallOutcome:
    response = call.response or {}
    return CallOutcome(
        call_id=call.id,
        kind="tool",
        index=call.index,
        is_finished=call.status in CALL.terminal,
        output=call.response if call.status == SUCCESS else None,
        failure=CallFailure(**call.error) if call.error else None,
        duration_ms=call.duration_ms,
        summary={
            "tool": call.tool,
            "status": response.get("status"),
            "exit_code": response.get("exit_code"),
            "artifacts": [artifact["name"] for artifact in response.get("artifacts", ())],
        },
    )
