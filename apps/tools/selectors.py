"""Reads of calls, their requests and artifacts."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import QuerySet

from agentplatform.calls.contracts import CallOutcome
from agentplatform.calls.turn import outcome_of, read_turn
from agentplatform.core.errors import NotFound
from agentplatform.core.postgresql.reads import Reads
from apps.tools.contracts import ArtifactRef, ToolCallSummary
from apps.tools.models import Artifact, EgressRequest, ToolCall


def read_outcomes(reads: Reads, *, step_id: UUID, turn: int) -> Callable[[int], list[CallOutcome]]:
    """Have `reads` read the calls of one turn. Returns what gives them for an attempt, ordered by
    index."""
    rows = read_turn(reads, ToolCall, step_id=step_id, turn=turn)
    return lambda attempt: [_outcome(row) for row in rows(attempt)]


def artifacts_of_run(*, tenant_id: UUID, run_id: UUID) -> list[ArtifactRef]:
    """The artifacts of one run, oldest first; none for another tenant's run."""
    rows = Artifact.objects.filter(tenant_id=tenant_id, run_id=run_id, session="").order_by("id")
    return [artifact_ref(row) for row in rows]


def get_artifact(*, tenant_id: UUID, artifact_id: UUID) -> Artifact:
    """The artifact. Raises NotFound when it is missing or another tenant's."""
    row = Artifact.objects.filter(tenant_id=tenant_id, id=artifact_id, session="").first()
    if row is None:
        raise NotFound(f"There is no artifact {artifact_id}.")
    return row


def workspaces_of(call: ToolCall, *, session: str) -> QuerySet[Artifact]:
    """What calls of the call's step have left in a session, the last one first."""
    return Artifact.objects.filter(
        tenant_id=call.tenant_id, run_id=call.run_id, step_id=call.step_id, session=session
    ).order_by("-id")


def calls_of_run(
    *, tenant_id: UUID, run_id: UUID, tool: str = "", status: str = ""
) -> QuerySet[ToolCall]:
    """The calls of one run, of one tool and in one status if these are given; none for another
    tenant's run."""
    given = {"tool": tool, "status": status}
    where = {name: value for name, value in given.items() if value}
    return ToolCall.objects.filter(tenant_id=tenant_id, run_id=run_id, **where)


def get_call(*, tenant_id: UUID, call_id: UUID) -> ToolCall:
    """The call. Raises NotFound when it is missing or another tenant's."""
    call = ToolCall.objects.filter(tenant_id=tenant_id, id=call_id).first()
    if call is None:
        raise NotFound(f"There is no tool call {call_id}.")
    return call


def sum_up_call(call: ToolCall) -> ToolCallSummary:
    """The call as a list shows it."""
    artifacts = (call.response or {}).get("artifacts", ())
    return ToolCallSummary(
        call_id=call.id,
        step_id=call.step_id,
        attempt=call.attempt,
        turn=call.turn,
        index=call.index,
        tool=call.tool,
        action=call.action,
        status=call.status,
        error_code=(call.error or {}).get("code"),
        artifacts=tuple(UUID(artifact["artifact_id"]) for artifact in artifacts),
        duration_ms=call.duration_ms,
        created_at=call.created_at,
        completed_at=call.completed_at,
    )


def artifact_ref(row: Artifact) -> ArtifactRef:
    """The row as it crosses the app's border."""
    return ArtifactRef(
        artifact_id=row.id,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
    )


def egress_requests(
    *,
    tenant_id: UUID,
    run_id: UUID | None = None,
    call_id: UUID | None = None,
    is_refused: bool | None = None,
) -> QuerySet[EgressRequest]:
    """The requests of the tenant's tool calls; those of a run, of a call, refused or not."""
    rows = EgressRequest.objects.filter(tenant_id=tenant_id)
    if run_id is not None:
        rows = rows.filter(run_id=run_id)
    if call_id is not None:
        rows = rows.filter(call_id=call_id)
    if is_refused is None:
        return rows
    return rows.exclude(refusal="") if is_refused else rows.filter(refusal="")


def _outcome(call: ToolCall) -> CallOutcome:
    response = call.response or {}
    return outcome_of(
        call,
        summary={
            "tool": call.tool,
            "status": response.get("status"),
            "exit_code": response.get("exit_code"),
            "artifacts": [artifact["name"] for artifact in response.get("artifacts", ())],
        },
    )
