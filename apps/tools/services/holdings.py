"""What tools hold of a tenant: calls and their requests, artifacts, and what was set of tools."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, QuerySet

from agentplatform.calls.cancel import cancel_tenant_rows, count_tenant_rows
from agentplatform.core.rows import rows_of
from apps.tenants.contracts import Counts, Exported, ExportedFile, ExportedRows
from apps.tools.models import (
    Artifact,
    EgressRequest,
    EgressRule,
    McpServer,
    McpTool,
    ToolCall,
    ToolLimit,
    ToolSecret,
)
from apps.tools.services.artifact_contents import open_content
from apps.tools.services.remove_artifacts import remove_artifacts
from apps.tools.stores.chosen import artifact_store

_ROWS: Final[dict[str, type[Model]]] = {
    "tool_calls": ToolCall,
    "egress_requests": EgressRequest,
    "tool_secrets": ToolSecret,
    "tool_limits": ToolLimit,
    "egress_rules": EgressRule,
    "mcp_tools": McpTool,
    "mcp_servers": McpServer,
}
"""Beside artifacts."""
_HELD_BACK: Final = ("sealed_arguments",)


def cancel_work(*, tenant_id: UUID, at: datetime, limit: int) -> int:
    return cancel_tenant_rows(ToolCall, tenant_id=tenant_id, at=at, limit=limit)


def count_work(*, tenant_id: UUID) -> Counts:
    number = count_tenant_rows(ToolCall, tenant_id=tenant_id)
    return {"tool_calls": number} if number else {}


def export(*, tenant_id: UUID) -> Iterator[Exported]:
    artifacts = Artifact.objects.filter(tenant_id=tenant_id)
    for name, model in _ROWS.items():
        rows = model._default_manager.filter(tenant_id=tenant_id)
        yield ExportedRows(name=f"{name}.jsonl", rows=rows_of(rows, leave_out=_HELD_BACK))
    yield ExportedRows(name="artifacts.jsonl", rows=rows_of(artifacts))
    for row in rows_of(artifacts):
        yield ExportedFile(
            path=f"artifacts/{row['id']}/{row['name']}",
            open=partial(open_content, tenant_id=tenant_id, sha256=row["sha256"]),
        )


def count(*, tenant_id: UUID, ended_before: datetime | None) -> Counts:
    counts = {"artifacts": _artifacts(tenant_id, ended_before).count()}
    if ended_before is not None:
        counts["egress_requests"] = _requests(tenant_id, ended_before).count()
    else:
        for name, model in _ROWS.items():
            counts[name] = model._default_manager.filter(tenant_id=tenant_id).count()
    return {name: number for name, number in counts.items() if number}


def purge(*, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
    artifacts = _artifacts(tenant_id, ended_before)
    if removed := remove_artifacts(artifacts, tenant_id=tenant_id, limit=limit):
        return {"artifacts": removed}
    if ended_before is not None:
        return _deleted("egress_requests", _requests(tenant_id, ended_before), limit)
    for name, model in _ROWS.items():
        if counts := _deleted(name, model._default_manager.filter(tenant_id=tenant_id), limit):
            return counts
    artifact_store().delete_tenant(tenant_id)
    return {}


def purge_runs(*, tenant_id: UUID, run_ids: Collection[UUID]) -> None:
    """Delete the artifacts, the tool calls and their requests of these runs. Requires a
    transaction."""
    artifacts = Artifact.objects.filter(tenant_id=tenant_id, run_id__in=run_ids)
    remove_artifacts(artifacts, tenant_id=tenant_id)
    for model in (ToolCall, EgressRequest):
        model._default_manager.filter(tenant_id=tenant_id, run_id__in=run_ids).delete()


def _deleted(name: str, rows: QuerySet[Any], limit: int) -> Counts:
    """How many of the rows are gone now, if any."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    if not ids:
        return {}
    rows.filter(pk__in=ids).delete()
    return {name: len(ids)}


def _requests(tenant_id: UUID, ended_before: datetime) -> QuerySet[EgressRequest]:
    """A request of a run goes with that run; one for the tools of an MCP server ends by itself."""
    return EgressRequest.objects.filter(tenant_id=tenant_id, run_id=None, at__lt=ended_before)


def _artifacts(tenant_id: UUID, ended_before: datetime | None) -> QuerySet[Artifact]:
    """An artifact of a run goes with that run; an uploaded one ends by itself."""
    rows = Artifact.objects.filter(tenant_id=tenant_id)
    if ended_before is None:
        return rows
    return rows.filter(run_id=None, created_at__lt=ended_before)
