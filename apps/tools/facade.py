"""The door of tools for other apps."""

from uuid import UUID

from celery import Signature, signature

from apps.tools.contracts import ToolDescription
from apps.tools.runners.registry import TOOLS
from apps.tools.selectors import (
    artifact_exists,
    artifacts_of_run,
    due_calls,
    outcomes,
    steps_with_open_calls,
)
from apps.tools.services.cancel_calls import cancel_calls
from apps.tools.services.mark_dispatched import mark_dispatched
from apps.tools.services.open_artifact import open_artifact
from apps.tools.services.plan_tool_call import plan_tool_call
from apps.tools.services.store_artifact import store_artifact

__all__ = [
    "artifact_exists",
    "artifacts_of_run",
    "cancel_calls",
    "describe_tools",
    "due_calls",
    "mark_dispatched",
    "open_artifact",
    "outcomes",
    "plan_tool_call",
    "steps_with_open_calls",
    "store_artifact",
    "tool_call_signature",
]


def describe_tools() -> tuple[ToolDescription, ...]:
    """Every tool that a spec or a model may call."""
    return tuple(tool.description for tool in TOOLS.values())


def tool_call_signature(*, call_id: UUID) -> Signature:
    """The Celery signature that executes a planned call and returns its id as a string."""
    return signature("tools.execute", kwargs={"call_id": str(call_id)}, immutable=True)
