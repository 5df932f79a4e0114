"""Take a decision step: it needs no worker, so it is over within the advance that reached it."""

from datetime import datetime
from typing import Any, cast

from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of
from apps.runs.services.transition import move_step
from apps.runs.spec.expression import TemplateError, is_true
from apps.runs.spec.steps import DecisionStep, Way


def decide(run: Run, step: Step, values: dict[str, Any], *, at: datetime) -> None:
    """Move a QUEUED decision of a locked run to SUCCESS with {branch, next}, or to FAILED.

    Requires a transaction.
    """
    move_step(run, step, "RUNNING", at=at, started_at=at)
    try:
        way = _choose(cast("DecisionStep", spec_of(run).by_name[step.name]), values)
    except TemplateError as failure:
        _fail(run, step, {"code": failure.code, "detail": failure.detail}, at=at)
        return
    move_step(
        run,
        step,
        "SUCCESS",
        at=at,
        data={"branch": way.name},
        output={"branch": way.name, "next": list(way.next)},
        completed_at=at,
    )


def _choose(decision: DecisionStep, values: dict[str, Any]) -> Way:
    for branch in decision.branches:
        if is_true(branch.when, values):
            return branch
    return decision.otherwise


def refuse(run: Run, step: Step, error: dict[str, Any], *, at: datetime) -> None:
    """Fail a PENDING step of a locked run whose condition cannot be evaluated."""
    move_step(run, step, "QUEUED", at=at)
    move_step(run, step, "RUNNING", at=at, started_at=at)
    _fail(run, step, error, at=at)


def _fail(run: Run, step: Step, error: dict[str, Any], *, at: datetime) -> None:
    move_step(run, step, "FAILED", at=at, data=error, error=error, completed_at=at)
