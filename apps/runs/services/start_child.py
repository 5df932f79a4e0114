"""Start a run of another task within a run, and say what went wrong with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from agentplatform.core.errors import PlatformError
from agentplatform.core.transactions import transaction
from apps.runs.contracts import NoSuchTask, TooDeep, TooManyRuns
from apps.runs.models import Run, Step, TaskVersion
from apps.runs.selectors import find_task_named, newest_version
from apps.runs.services.create_run import create_run_of_version
from apps.runs.states import MAX_DEPTH


def start_child(
    run: Run,
    step: Step,
    *,
    task: str,
    given: dict[str, Any],
    token_budget: int | None,
    at: datetime,
    version_id: UUID | None = None,
) -> Run:
    """A child run that works for a step of a locked run, within that run's budget, of the task's
    newest version unless one is given. Raises TooDeep, TooManyRuns, NoSuchTask, and as
    create_run_of_version does. Requires a transaction."""
    if run.depth + 1 > MAX_DEPTH:
        raise TooDeep(f"Runs are nested at most {MAX_DEPTH} deep.")
    root_id = run.root_run_id or run.id
    _check_number(root_id)
    with transaction():  # of its own, so that what fails leaves nothing behind
        return create_run_of_version(
            version=_version(run, task, version_id),
            given=given,
            created_by=run.created_by_id,
            at=at,
            token_budget=token_budget,
            trace_id=run.trace_id,
            priority=run.priority,
            parent_run=run,
            parent_step_id=step.id,
            root_run_id=root_id,
            depth=run.depth + 1,
        )


def _check_number(root_id: UUID) -> None:
    """Those that start at the same moment do not see each other: a few more may get in."""
    limit = settings.PLATFORM.run_children_limit
    if Run.objects.filter(root_run_id=root_id).count() >= limit:
        raise TooManyRuns(
            f"There are {limit} runs within run {root_id} already, at all depths together;"
            " RUN_CHILDREN_LIMIT is that many."
        )


def _version(run: Run, task: str, version_id: UUID | None) -> TaskVersion:
    if version_id is not None:
        pinned = TaskVersion.objects.filter(tenant_id=run.tenant_id, id=version_id)
        version = pinned.filter(task__is_active=True).first()
    else:
        found = find_task_named(tenant_id=run.tenant_id, name=task)
        version = None if found is None else newest_version(found)
    if version is None:
        raise NoSuchTask(f"There is no task named `{task[:200]}`.")
    return version


def failure_of(error: PlatformError) -> dict[str, Any]:
    """Why a child run could not start: code and detail."""
    problems = "; ".join(f"{path}: {' '.join(why)}" for path, why in error.errors.items())
    return {"code": error.code, "detail": f"{error.detail} {problems}".strip()}


def end_of(child: Run) -> dict[str, Any]:
    """Why a child run that is over has no output: code and detail."""
    why = (child.error or {}).get("detail", "")
    code = "budget_exceeded" if child.status == "BUDGET_EXCEEDED" else "child_run_failed"
    return {"code": code, "detail": f"Run {child.id} ended {child.status}. {why}".strip()}
