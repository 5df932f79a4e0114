"""Runs brought to where a test of the protocol begins."""

from typing import Any

from agentplatform.core.clock import now
from apps.runs.models import Run, Step
from apps.runs.services.advance_run import advance_run
from apps.runs.services.execute_step import execute_step
from tests.integration.runs.conftest import step_of


def code(name: str = "a", program: str = "print(1)", **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "tool", "tool": "code", "arguments": {"program": program},
            **fields}  # fmt: skip


def started(run: Run) -> Step:
    """The run advanced, its first step queued."""
    advance_run(run_id=run.id, at=now())
    return step_of(run, "a")


def waiting(run: Run) -> Step:
    """Its first step waits for its call."""
    step = started(run)
    execute_step(step_id=step.id, turn=0, at=now())
    step.refresh_from_db()
    assert step.status == "WAITING"
    return step
