"""The port behind which one-off tasks run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from apps.tools.runners.limits import Limits


@dataclass(frozen=True, kw_only=True)
class TaskState:
    """How a task is. `exit_code` and `reason` are told once it has stopped."""

    arn: str
    has_started: bool
    has_stopped: bool
    exit_code: int | None = None
    reason: str = ""


class TaskRefused(Exception):
    """The task cannot be started; the sentence says why. `is_retryable`: later it may be."""

    def __init__(self, detail: str, *, is_retryable: bool) -> None:
        super().__init__(detail)
        self.detail = detail
        self.is_retryable = is_retryable


class Tasks(Protocol):
    """Starts, watches and stops tasks. What goes wrong raises TaskRefused."""

    def describe(self) -> str:
        """What tasks are made of, for people. Raises TaskRefused when none could be started."""
        ...

    def find(self, call: str) -> list[TaskState]:
        """The tasks of a call, also those that have stopped a short while ago; the latest last."""
        ...

    def start(
        self, *, call: str, token: str, environment: Mapping[str, str], limits: Limits
    ) -> TaskState:
        """Start the entry point with these variables in a task of its own. A token that was used
        before starts nothing: the task that it has started is returned."""
        ...

    def look(self, arn: str) -> TaskState:
        """How the task is now."""
        ...

    def stop(self, arn: str, *, reason: str) -> None:
        """Stop the task, soon. Harmless when it has stopped."""
        ...

    def last_words(self, arn: str) -> str:
        """The last lines that the task has logged, for people; empty when there are none."""
        ...
