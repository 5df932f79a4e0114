"""What a runner is given and what it gives back. Runners know neither rows nor queues."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

from apps.tools.contracts import ToolDescription, ToolStatus


class ToolFailure(Exception):
    """The tool could not do its work. `detail` is one sentence that says what to change."""

    def __init__(self, code: str, detail: str, *, is_retryable: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.is_retryable = is_retryable


@dataclass(frozen=True, kw_only=True)
class Work:
    """One call. `open_input` opens an artifact of the call's tenant, or raises NotFound; a runner
    ends soon after `stop` is set and reports the status "killed"."""

    arguments: dict[str, Any]
    timeout_seconds: float
    open_input: Callable[[UUID], BinaryIO]
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, kw_only=True)
class ProducedFile:
    """A file that a call left behind."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a call left. `detail` is a sentence for people when the status is not ok."""

    status: ToolStatus
    backend: str
    detail: str = ""
    value: Any = None
    stdout: str = ""
    stderr: str = ""
    exit_code: int | None = None
    files: tuple[ProducedFile, ...] = ()
    cpu_ms: int | None = None
    peak_memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool: how it is described, how it runs, and which calls may safely run twice."""

    description: ToolDescription
    run: Callable[[Work], Ran]
    is_repeatable: Callable[[dict[str, Any]], bool] = lambda _: True
