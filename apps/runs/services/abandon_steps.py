"""What the failure of a step means for the others: the run's end, or the way that makes it good."""

from datetime import datetime
from typing import Any

from apps.runs.models import Run, Step
from apps.runs.services.take_back import take_back
from apps.runs.services.transition import move_step
from apps.runs.spec.document import Spec
from apps.runs.spec.steps import Goto
from apps.runs.states import STEP


def run_failure(spec: Spec, steps: dict[str, Step]) -> dict[str, Any] | None:
    """The error that ends the run now: of a step whose failure ends it at once, or of one that was
    to be made good before, once that is over (well or not)."""
    first = _to_make_good(spec, steps)
    if first is not None:
        name, goto = first
        closure = spec.downstream(goto.goto)
        failed = [step for step in closure if _ends_run(spec, steps, step)]
        if not failed and not all(steps[step].status in STEP.terminal for step in closure):
            return None
        error = {"step": name, **(steps[name].error or {})}
        return error | ({"not_made_good_by": failed[0]} if failed else {})
    for name in steps:
        if _ends_run(spec, steps, name):
            return {"step": name, **(steps[name].error or {})}
    return None


def abandon_steps(run: Run, spec: Spec, steps: dict[str, Step], *, at: datetime) -> None:
    """Cancel what is not part of making good a failure that will end the run.

    Requires a transaction.
    """
    first = _to_make_good(spec, steps)
    if first is None:
        return
    kept = spec.downstream(first[1].goto)
    given_up = [
        step
        for name, step in steps.items()
        if name not in kept and step.status not in STEP.terminal
    ]
    for step in given_up:
        move_step(run, step, "CANCELLED", at=at, completed_at=at, lease_token=None)
        take_back(run, step, at=at)


def _to_make_good(spec: Spec, steps: dict[str, Step]) -> tuple[str, Goto] | None:
    """The first failed step whose failure ends the run once another step has made it good."""
    for name, step in steps.items():
        rule = spec.by_name[name].on_failure
        if step.status == "FAILED" and isinstance(rule, Goto) and rule.then == "fail_run":
            return name, rule
    return None


def _ends_run(spec: Spec, steps: dict[str, Step], name: str) -> bool:
    return steps[name].status == "FAILED" and spec.by_name[name].on_failure == "fail_run"
