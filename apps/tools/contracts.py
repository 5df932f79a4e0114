"""Values that cross the border of tools."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from agentplatform.core.errors import PlatformError

ToolStatus = Literal[
    "ok",
    "error",
    "timeout",
    "memory_exceeded",
    "disk_exceeded",
    "output_exceeded",
    "killed",
]
ToolSource = Literal["built-in", "operator", "mcp"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ToolRequest(_Value):
    """One call of one tool. `arguments` must satisfy the tool's JSON schema."""

    tool: str
    arguments: dict[str, Any]
    timeout_seconds: float = Field(60.0, gt=0, le=600)


class ArtifactRef(_Value):
    """A stored file. As an input it is named by its id; name, type and size are for people."""

    artifact_id: UUID
    name: str
    media_type: str
    size_bytes: int
    sha256: str


class ToolResult(_Value):
    """What a call left. `value` is the tool's JSON result (for `code`: the last line of standard
    output when it is JSON); stdout and stderr are cut at the output limit, never dropped."""

    status: ToolStatus
    value: Any = None
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    artifacts: tuple[ArtifactRef, ...] = ()
    duration_ms: int = 0


class ToolDescription(_Value):
    """A tool as a spec and a model see it; `parameters` is the JSON schema of its arguments,
    `result` that of its value, where it promises one."""

    name: str
    description: str
    parameters: dict[str, Any]
    result: dict[str, Any] | None = None
    source: ToolSource = "built-in"


class UnknownTool(PlatformError):
    """The tenant has no tool of this name, or not any more."""

    code = "unknown_tool"
    status = 422


class ToolCallSummary(_Value):
    """A call as a list shows it; `artifacts` are the ids of what it left."""

    call_id: UUID
    step_id: UUID
    attempt: int
    turn: int
    index: int
    tool: str
    action: str
    status: str
    error_code: str | None
    artifacts: tuple[UUID, ...]
    duration_ms: int
    created_at: datetime
    completed_at: datetime | None
