"""What a Python package that brings a tool is written against (docs/tools.md, Operator tools).

Light to import: the process that runs such a tool knows nothing else of the platform.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from uuid import UUID

MAX_TIMEOUT_SECONDS = 600.0


class ToolError(Exception):
    """The tool could not do its work. `detail` is told to the model: one sentence that says what
    to change. `code` is of a-z, digits and underscores."""

    def __init__(self, detail: str, *, code: str = "error", is_retryable: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.is_retryable = is_retryable


class ToolContext(Protocol):
    """One call, as its tool sees it. `call_id` stays the same when the call is repeated: send it
    to others as an idempotency key."""

    tenant_id: UUID
    run_id: UUID
    step_id: UUID
    call_id: UUID
    stop: threading.Event
    """Set when nobody wants the result any more, or time is up; a second later the process is
    killed."""

    def seconds_left(self) -> float:
        """Until the call times out; 0 at least."""

    def open_input(self, artifact_id: UUID | str) -> BinaryIO:
        """An artifact of the call's tenant, to read. Raises ToolError if there is none."""

    def keep_file(self, name: str, content: bytes | BinaryIO | Path) -> None:
        """Keep a copy as an artifact of the call. Raises ToolError above the call's limits."""


@dataclass(frozen=True, kw_only=True)
class OperatorTool:
    """A tool that a package brings; its entry point gives its name.

    `parameters` is the JSON schema of the arguments, an object's; `result` that of what `run`
    returns, which must be JSON; None: any. `is_repeatable` says whether a call, or a call with
    these arguments, may run again after its worker was lost.
    """

    description: str
    parameters: dict[str, Any]
    run: Callable[[dict[str, Any], ToolContext], Any]
    result: dict[str, Any] | None = None
    timeout_seconds: float = 60.0
    is_repeatable: bool | Callable[[dict[str, Any]], bool] = False
