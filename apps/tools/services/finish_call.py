"""Record how a call ended, once, if its fence still holds."""

from contextlib import AbstractContextManager, ExitStack
from datetime import datetime

from agentplatform.calls.contracts import CallFailure
from agentplatform.calls.move import finish_in, finish_row
from agentplatform.calls.states import CANCELLED, FAILED, SUCCESS
from agentplatform.core.json_values import clean_json
from agentplatform.core.postgresql.batch import Batch, RowMissing, row_values
from agentplatform.core.transactions import before_commit, transaction
from apps.tenants.contracts import TenantInactive
from apps.tools.contracts import ToolResult
from apps.tools.models import Artifact, ToolCall
from apps.tools.runners.work import ProducedFile, Ran, ToolFailure
from apps.tools.selectors import artifact_ref, workspaces_of
from apps.tools.services.artifact_contents import begin_with_contents, keep_locked, stage_content
from apps.tools.services.remove_artifacts import remove_artifacts
from apps.tools.services.store_artifact import artifact_row
from apps.tools.services.thumbnails import ask_for_thumbnails
from apps.tools.stores.store import StagedContent


def finish_call(*, call: ToolCall, ran: Ran, duration_ms: int, at: datetime) -> bool:
    """Record what a tool left: SUCCESS when it ended well, FAILED with its result otherwise.

    False when the fence is lost; then nothing is recorded or stored. Opens its own transaction: the
    call and its artifacts appear together.
    """
    with ExitStack() as stack:
        files = [*ran.files, *([ran.workspace] if ran.workspace else [])]
        for file in files:
            stack.callback(file.content.close)
        staged = [stack.enter_context(_stage(call, file)) for file in files]
        rows = [_row(call, file, one, at) for file, one in zip(files, staged, strict=True)]
        if ran.workspace:
            rows[-1].session = ran.workspace.name
        try:
            _write(call, ran, staged, rows, duration_ms, at)
        except RowMissing:
            return False
    return True


def fail_call(*, call: ToolCall, failure: ToolFailure, duration_ms: int, at: datetime) -> bool:
    """Record that the tool could not do its work, or that it was not to begin for a tenant that is
    not active any more. False when the fence is lost."""
    told = CallFailure(code=failure.code, detail=failure.detail, is_retryable=failure.is_retryable)
    end = CANCELLED if failure.code == TenantInactive.code else FAILED
    return finish_row(
        call,
        to=end,
        at=at,
        failure=told,
        duration_ms=duration_ms,
        task_arn=failure.task_arn,
        sealed_arguments="",
    )


def _write(
    call: ToolCall,
    ran: Ran,
    staged: list[StagedContent],
    rows: list[Artifact],
    duration_ms: int,
    at: datetime,
) -> None:
    """In two round trips, or in one where nothing is stored. Raises RowMissing when the fence is
    lost."""
    batch = Batch()
    shown = [row for row in rows if not row.session]
    _finish(batch, call, ran, shown, duration_ms, at)
    batch.insert(Artifact, [row_values(row) for row in rows])
    with transaction():
        if not staged:
            before_commit(batch.execute)
            return
        begin_with_contents(tenant_id=call.tenant_id, hashes=[one.sha256 for one in staged])
        batch.execute()
        _keep(call, staged, rows)


def _keep(call: ToolCall, staged: list[StagedContent], rows: list[Artifact]) -> None:
    """Store what a call left; what it worked on takes the place of what the call before it did."""
    for row in rows:
        if row.session:
            former = workspaces_of(call, session=row.session).exclude(id=row.id)
            remove_artifacts(former, tenant_id=call.tenant_id)
    keep_locked(staged)
    ask_for_thumbnails(rows)


def _finish(
    batch: Batch,
    call: ToolCall,
    ran: Ran,
    artifacts: list[Artifact],
    duration_ms: int,
    at: datetime,
) -> None:
    result = ToolResult(
        status=ran.status,
        value=clean_json(ran.value),
        stdout=ran.stdout,
        stderr=ran.stderr,
        exit_code=ran.exit_code,
        artifacts=tuple(artifact_ref(artifact) for artifact in artifacts),
        duration_ms=duration_ms,
    )
    failure = None
    if ran.status != "ok":
        failure = CallFailure(code=ran.status, detail=ran.detail, is_retryable=False)
    finish_in(
        batch,
        call,
        to=FAILED if failure else SUCCESS,
        at=at,
        failure=failure,
        response=clean_json(result.model_dump(mode="json")),
        sealed_arguments="",
        backend=ran.backend,
        task_arn=ran.task_arn,
        duration_ms=duration_ms,
        cpu_ms=ran.cpu_ms,
        peak_memory_bytes=ran.peak_memory_bytes,
    )


def _stage(call: ToolCall, file: ProducedFile) -> AbstractContextManager[StagedContent]:
    return stage_content(
        tenant_id=call.tenant_id, content=file.content, limit_bytes=file.size_bytes
    )


def _row(call: ToolCall, file: ProducedFile, staged: StagedContent, at: datetime) -> Artifact:
    row = artifact_row(tenant_id=call.tenant_id, name=file.name, staged=staged, at=at)
    row.run_id, row.step_id, row.call_id = call.run_id, call.step_id, call.id
    return row
