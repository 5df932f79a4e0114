"""Start every step whose time has come; end the run when nothing is left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of, values_of
from apps.runs.services.decide import decide, refuse
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.finish_run import finish_run
from apps.runs.services.transition import lock_run, move_run, move_step
from apps.runs.spec.document import Spec
from apps.runs.spec.expression import TemplateError, is_true
from apps.runs.spec.steps import DecisionStep
from apps.runs.states import RUN, STEP, run_outcome

OVER = STEP.terminal


def advance_run(*, run_id: UUID, at: datetime) -> list[QueuedStep]:
    """Advance a run; returns the steps that became due. Harmless when repeated.

    Opens a transaction. The caller sends or takes the returned steps after it.
    """
    with transaction():
        return advance(lock_run(run_id), at=at)


def advance(run: Run, *, at: datetime) -> list[QueuedStep]:
    """The same for a locked run. Requires a transaction."""
    if run.status in RUN.terminal:
        return []
    if run.status == "PENDING":
        move_run(run, "RUNNING", at=at, started_at=at)
    spec = spec_of(run)
    steps = {step.name: step for step in Step.objects.filter(run_id=run.id)}
    queued: list[QueuedStep] = []
    while True:
        if error := _failure(spec, steps):
            finish_run(run, run_outcome(error["code"]), at=at, error=error)
            return []
        ready = [step for step in steps.values() if _is_ready(spec, step, steps)]
        if not ready:
            break
        queued += _start(run, spec, steps, ready, at=at)
    if all(step.status in OVER for step in steps.values()):
        finish_run(run, "COMPLETED", at=at)
    else:
        Run.objects.filter(id=run.id).update(advanced_at=at)
    return queued


def _failure(spec: Spec, steps: dict[str, Step]) -> dict[str, Any] | None:
    """The error of the first step whose failure ends the run."""
    for name, step in steps.items():
        if step.status == "FAILED" and spec.by_name[name].on_failure == "fail_run":
            return {"step": name, **(step.error or {})}
    return None


def _is_ready(spec: Spec, step: Step, steps: dict[str, Step]) -> bool:
    return step.status == "PENDING" and all(
        steps[need].status in OVER for need in spec.needs[step.name]
    )


def _start(
    run: Run, spec: Spec, steps: dict[str, Step], ready: list[Step], *, at: datetime
) -> list[QueuedStep]:
    """Skip, decide or queue each ready step: none of them stays PENDING. Returns the queued."""
    values = values_of(run)
    queued = []
    for step in ready:
        try:
            is_wanted = _is_wanted(spec, step.name, steps, values)
        except TemplateError as error:
            refuse(run, step, {"code": error.code, "detail": f"when: {error.detail}"}, at=at)
            continue
        if not is_wanted:
            move_step(run, step, "SKIPPED", at=at, completed_at=at)
            continue
        move_step(run, step, "QUEUED", at=at)
        if isinstance(spec.by_name[step.name], DecisionStep):
            decide(run, step, values, at=at)
        else:
            queued.append(QueuedStep(step_id=step.id, turn=step.turn))
    return queued


def _is_wanted(spec: Spec, name: str, steps: dict[str, Step], values: dict[str, Any]) -> bool:
    """Some need was not skipped, every decision that lists the step chose it, and `when` holds."""
    needs = spec.needs[name]
    if needs and all(steps[need].status == "SKIPPED" for need in needs):
        return False
    for decider in spec.deciders.get(name, ()):
        if name not in ((steps[decider].output or {}).get("next") or ()):
            return False
    when = spec.by_name[name].when
    return when is None or is_true(when, values)
