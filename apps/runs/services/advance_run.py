"""Start every step whose time has come; end the run when nothing is left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.models import Run, Step
from apps.runs.selectors import deadline_of, spec_of, values_of
from apps.runs.services.abandon_steps import abandon_steps, run_failure
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.child_run import end_children
from apps.runs.services.engine.kinds import begin, is_engine_kind
from apps.runs.services.engine.map_items import fill_map
from apps.runs.services.engine.settle import fail
from apps.runs.services.finish_run import finish_run
from apps.runs.services.leave_run import leaving_foreign
from apps.runs.services.lock_run import lock_run, locked_steps
from apps.runs.services.places.caps import must_wait
from apps.runs.services.transition import move_run, move_step, set_run
from apps.runs.services.write_run import held_of
from apps.runs.spec.document import Spec
from apps.runs.spec.expression import TemplateError, is_true
from apps.runs.spec.steps import Goto
from apps.runs.states import RUN, STEP, run_outcome

OVER = STEP.terminal


def advance_run(*, run_id: UUID, at: datetime) -> list[QueuedStep]:
    """Advance a run; returns the steps that became due. Harmless when repeated.

    Opens a transaction. The caller sends or takes the returned steps after it. A run that
    another release wrote stays untouched.
    """
    with leaving_foreign(run_id=run_id), transaction():
        return advance(lock_run(run_id), at=at)
    return []


def advance(run: Run, *, at: datetime) -> list[QueuedStep]:
    """The same for a locked run. Raises OtherRelease. Requires a transaction."""
    if run.status in RUN.terminal:
        return []
    if run.status == "PENDING":
        if must_wait(run, at=at):
            return []
        move_run(run, "RUNNING", at=at, started_at=at)
    spec = spec_of(run)
    if spec.has_children:
        end_children(run, at=at)
    steps = locked_steps(run)
    queued = _fill_maps(run, spec, steps, at=at)
    while True:
        if error := run_failure(spec, steps):
            finish_run(run, run_outcome(error["code"]), at=at, error=error)
            return []
        abandon_steps(run, spec, steps, at=at)
        ready = [step for step in steps.values() if _is_ready(spec, step, steps)]
        if not ready:
            break
        queued += _start(run, spec, steps, ready, at=at)
    if all(step.status in OVER for step in steps.values()):
        finish_run(run, "COMPLETED", at=at)
    else:
        set_run(run, advanced_at=at)
    return _still_due(run, queued)


def _still_due(run: Run, queued: list[QueuedStep]) -> list[QueuedStep]:
    """Those that no failure beside them has cancelled since they were queued."""
    known = held_of(run).steps
    found = ((due, known.get(due.step_id)) for due in queued)
    return [due for due, step in found if step is not None and step.status == "QUEUED"]


def _fill_maps(run: Run, spec: Spec, steps: dict[str, Step], *, at: datetime) -> list[QueuedStep]:
    """Items that are over make room for others, and end their map when they were the last."""
    queued: list[QueuedStep] = []
    for name, step in steps.items():
        if step.status == "WAITING" and step.waits_for == Step.WaitsFor.ITEMS:
            queued += fill_map(run, step, spec.by_name[name], values_of(run, steps), at=at)
    return queued


def _is_ready(spec: Spec, step: Step, steps: dict[str, Step]) -> bool:
    return step.status == "PENDING" and all(
        steps[need].status in OVER for need in spec.needs[step.name]
    )


def _start(
    run: Run, spec: Spec, steps: dict[str, Step], ready: list[Step], *, at: datetime
) -> list[QueuedStep]:
    """Skip, queue or take each ready step: none of them stays PENDING. Returns the queued."""
    values = values_of(run, steps)
    queued = []
    for step in ready:
        node = spec.by_name[step.name]
        try:
            is_wanted = _is_wanted(spec, step.name, steps, values)
        except TemplateError as error:
            _refuse(run, step, {"code": error.code, "detail": f"when: {error.detail}"}, at=at)
            continue
        if not is_wanted:
            move_step(run, step, "SKIPPED", at=at, completed_at=at)
            continue
        move_step(run, step, "QUEUED", at=at, deadline_at=deadline_of(node, at))
        if is_engine_kind(step.kind):
            queued += begin(run, step, node, values, at=at)
        else:
            queued.append(QueuedStep(step_id=step.id, turn=step.turn))
    return queued


def _refuse(run: Run, step: Step, error: dict[str, Any], *, at: datetime) -> None:
    """Fail a PENDING step whose condition cannot be evaluated."""
    move_step(run, step, "QUEUED", at=at)
    fail(run, step, error, at=at)


def _is_wanted(spec: Spec, name: str, steps: dict[str, Step], values: dict[str, Any]) -> bool:
    """Some need was not skipped, none was given up for a step that makes it good, every decision
    that lists the step chose it, one of the steps that it makes good has failed, and `when` holds.
    """
    needs = spec.needs[name]
    if needs and all(steps[need].status in ("SKIPPED", "CANCELLED") for need in needs):
        return False
    if any(_was_given_up(spec, need, name, steps) for need in needs):
        return False
    for decider in spec.deciders.get(name, ()):
        if name not in ((steps[decider].output or {}).get("next") or ()):
            return False
    failing = spec.made_good_by.get(name, ())
    if failing and not any(steps[one].status == "FAILED" for one in failing):
        return False
    when = spec.by_name[name].when
    return when is None or is_true(when, values)


def _was_given_up(spec: Spec, need: str, name: str, steps: dict[str, Step]) -> bool:
    rule = spec.by_name[need].on_failure
    is_over = steps[need].status == "FAILED" and isinstance(rule, Goto)
    return is_over and isinstance(rule, Goto) and name not in spec.downstream(rule.goto)
