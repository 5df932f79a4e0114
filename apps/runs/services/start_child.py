"""Start a run of another task within a run, and say what went wrong with it."""

from datetime import datetime
from typing import Any

from agentplatform.core.errors import PlatformError
from apps.runs.contracts import NoSuchTask, TooDeep
from apps.runs.models import Run, Step
from apps.runs.selectors import find_task_named
from apps.runs.services.create_run import create_run

MAX_DEPTH = 5


def start_child(
    run: Run,
    step: Step,
    *,
    task: str,
    given: dict[str, Any],
    token_budget: int | None,
    at: datetime,
) -> Run:
    """A child run that works for a step of a locked run, within that run's budget. Raises TooDeep,
    NoSuchTask, and as create_run does. Requires a transaction."""
    if run.depth + 1 > MAX_DEPTH:
        raise TooDeep(f"Runs are nested at most {MAX_DEPTH} deep.")
    found = find_task_named(tenant_id=run.tenant_id, name=task)
    if found is None:
        raise NoSuchTask(f"There is no task named `{task}`.")
    child, _ = create_run(
        task=found,
        given=given,
        created_by=run.created_by_id,
        at=at,
        token_budget=token_budget,
        trace_id=run.trace_id,
        priority=run.priority,
        parent=run,
        parent_step_id=step.id,
    )
    return child


def failure_of(error: PlatformError) -> dict[str, Any]:
    """Why a child run could not start: code and detail."""
    problems = "; ".join(f"{path}: {' '.join(why)}" for path, why in error.errors.items())
    return {"code": error.code, "detail": f"{error.detail} {problems}".strip()}


def end_of(child: Run) -> dict[str, Any]:
    """Why a child run that is over has no output: code and detail."""
    why = (child.error or {}).get("detail", "")
    code = "budget_exceeded" if child.status == "BUDGET_EXCEEDED" else "child_run_failed"
    return {"code": code, "detail": f"Run {child.id} ended {child.status}. {why}".strip()}
