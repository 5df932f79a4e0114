"""The door of tools for other apps."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from celery import Signature, signature

from agentplatform.calls.cancel import cancel_rows
from agentplatform.calls.contracts import DueCall
from agentplatform.calls.dispatch import due_rows, mark_rows_dispatched, untaken_rows
from agentplatform.calls.places import HeldCalls
from agentplatform.calls.turn import steps_with_open_rows
from apps.tools.models import ToolCall
from apps.tools.selectors import (
    artifacts_of_run,
    calls_of_run,
    read_outcomes,
    sum_up_call,
)
from apps.tools.services.find_tools import describe_tools, tool_names
from apps.tools.services.holdings import purge_runs
from apps.tools.services.open_artifact import open_artifact
from apps.tools.services.plan_tool_calls import plan_tool_calls
from apps.tools.services.prove_sandbox import prove_sandbox
from apps.tools.services.store_artifact import store_artifact

__all__ = [
    "artifacts_of_run",
    "calls_of_run",
    "cancel_calls",
    "describe_tools",
    "due_calls",
    "held_calls",
    "mark_dispatched",
    "open_artifact",
    "plan_tool_calls",
    "prove_sandbox",
    "purge_runs",
    "read_outcomes",
    "steps_with_open_calls",
    "store_artifact",
    "sum_up_call",
    "tool_call_signature",
    "tool_names",
    "untaken_calls",
]

held_calls = HeldCalls(ToolCall)
"""Those of its calls that wait for a place."""


def tool_call_signature(*, call_id: UUID) -> Signature:
    """The Celery signature that executes a planned call and returns its id as a string."""
    return signature("tools.execute", kwargs={"call_id": str(call_id)}, immutable=True)


def mark_dispatched(*, call_ids: Collection[UUID], at: datetime | None) -> None:
    """Remember when the messages of these calls were sent; None: they were not. Commits by
    itself."""
    mark_rows_dispatched(ToolCall, call_ids=call_ids, at=at)


def due_calls(*, at: datetime, limit: int) -> list[DueCall]:
    """Unfinished calls that nobody holds and whose message may be lost, oldest first."""
    return due_rows(ToolCall, at=at, limit=limit)


def untaken_calls(*, step_ids: Collection[UUID]) -> list[DueCall]:
    """Calls of these steps whose sender may have died before it sent them."""
    return untaken_rows(ToolCall, step_ids=step_ids)


def steps_with_open_calls(*, step_ids: Collection[UUID]) -> set[UUID]:
    """Those of the steps that still wait for a tool call, in any turn."""
    return steps_with_open_rows(ToolCall, step_ids=step_ids)


def cancel_calls(*, run_id: UUID, at: datetime, step_ids: Collection[UUID] | None = None) -> int:
    """How many calls of the run, or of these steps of it, were cancelled. Joins the caller's
    transaction if there is one.

    A queued call never starts. A running one loses its fence: nothing it leaves is recorded, and
    its sandbox is killed at the next renewal of its lease.
    """
    return cancel_rows(ToolCall, run_id=run_id, at=at, step_ids=step_ids)
