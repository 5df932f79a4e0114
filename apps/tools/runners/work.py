"""What a runner is given and what it gives back. Runners know neither rows nor queues."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO, Self
from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tools.contracts import ToolDescription, ToolStatus
from apps.tools.egress.session import Egress
from apps.tools.runners.limits import Limits
from apps.tools.runners.secret import Secret


class ToolFailure(Exception):
    """The tool could not do its work. `detail` is one sentence that says what to change;
    `task_arn` names the ECS task that failed at it, if one did."""

    def __init__(
        self, code: str, detail: str, *, is_retryable: bool = False, task_arn: str = ""
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.is_retryable = is_retryable
        self.task_arn = task_arn


@dataclass(frozen=True, kw_only=True)
class Caller:
    """For whom a call is made."""

    tenant_id: UUID
    run_id: UUID
    step_id: UUID
    call_id: UUID


def _no_secret(name: str) -> Secret:
    raise NotFound(f"There is no secret {name[:100]!r} for tools.")


@dataclass(frozen=True, kw_only=True)
class Work:
    """One call. `open_input` opens an artifact of the call's tenant, or raises NotFound;
    `open_workspace` what the last call of this step left in the session of that name, if there was
    one; `find_secret` gives a secret of the tenant, or raises NotFound, or ToolFailure if it cannot
    be read: what comes back from whoever was sent it goes through runners.masking. `limits` are the
    tool's for this tenant, `limits.wall_seconds` what the call may take; a runner ends soon after
    `stop` is set and reports the status "killed"."""

    caller: Caller
    arguments: dict[str, Any]
    limits: Limits
    egress: Egress
    open_input: Callable[[UUID], BinaryIO]
    find_secret: Callable[[str], Secret] = _no_secret
    stop: threading.Event = field(default_factory=threading.Event)
    open_workspace: Callable[[str], BinaryIO | None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class ProducedFile:
    """A file that a call left behind, open at its start. Whoever keeps it closes it."""

    name: str
    content: BinaryIO
    size_bytes: int

    @classmethod
    def of(cls, name: str, content: bytes) -> Self:
        """A file held in memory."""
        return cls(name=name, content=BytesIO(content), size_bytes=len(content))


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a call left. `detail` is a sentence for people when the status is not ok; `workspace` is
    kept for later calls of the step under its name, a session's. `task_arn` names the ECS task that
    held it, if one did."""

    status: ToolStatus
    backend: str
    task_arn: str = ""
    detail: str = ""
    value: Any = None
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    files: tuple[ProducedFile, ...] = ()
    cpu_ms: int | None = None
    peak_memory_bytes: int | None = None
    workspace: ProducedFile | None = None


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool: how it is described, how it runs, which calls may safely run twice, and which need a
    way out. `renamed` are former names of arguments, which calls may still use."""

    description: ToolDescription
    run: Callable[[Work], Ran]
    is_repeatable: Callable[[dict[str, Any]], bool] = lambda _: True
    goes_out: Callable[[dict[str, Any]], bool] = lambda _: True
    renamed: Mapping[str, str] = field(default_factory=dict)

    def with_present_names(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments under the names that the schema has; a present name counts over a former
        one."""
        former = {name: new for name, new in self.renamed.items() if name in arguments}
        kept = {name: value for name, value in arguments.items() if name not in former}
        return {**{new: arguments[name] for name, new in former.items()}, **kept}
