"""A run of another task, and the step that waits for it."""

from datetime import datetime
from typing import Any, cast

from agentplatform.core.errors import PlatformError
from apps.runs.contracts import OtherRelease
from apps.runs.models import Run, Step
from apps.runs.services.asks.end_child_asks import end_child_asks
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.settle import fail, succeed, wait_for
from apps.runs.services.lock_run import locked_items, locked_steps
from apps.runs.services.start_child import end_of, failure_of, start_child
from apps.runs.services.transition import add_usage
from apps.runs.services.write_run import write_run
from apps.runs.spec.engine_steps import RunStep
from apps.runs.spec.kinds import SpecStep
from apps.runs.spec.template import render
from apps.runs.states import RUN, STEP
from apps.tenants import facade as tenants
from apps.tenants.contracts import TenantInactive


def begin_child(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Start the child run of a RUNNING step of a locked run, in its transaction, and let the step
    wait. What keeps it from starting fails the step. Raises OtherRelease. Requires a
    transaction."""
    try:
        child = _start(run, step, cast("RunStep", node), values, at=at)
    except OtherRelease:
        raise
    except PlatformError as error:
        fail(run, step, failure_of(error), at=at)
        return []
    wait_for(run, step, Step.WaitsFor.RUN, at=at, until=None, run_id=str(child.id))
    return []


def end_children(run: Run, *, at: datetime) -> bool:
    """End the steps of a locked run whose child runs are over, and what turns have asked of such;
    whether there were any steps. Requires a transaction."""
    if not any(_may_wait(step) for step in locked_steps(run).values()):
        return False
    end_child_asks(run, at=at)
    write_run(run)
    waiting = Step.objects.filter(run_id=run.id, status="WAITING", waits_for=Step.WaitsFor.RUN)
    steps = {step.id: step for step in locked_items(run, list(waiting))}
    if not steps:
        return False
    over = Run.objects.filter(
        parent_run_id=run.id, parent_step_id__in=steps, status__in=RUN.terminal
    )
    ended = list(over.order_by("id"))
    for child in ended:
        if child.parent_step_id is not None:
            _end(run, steps[child.parent_step_id], child, at=at)
    return bool(ended)


def _may_wait(step: Step) -> bool:
    """Whether it waits for a child run, has asked for one, or is a map whose items may."""
    waits_for = (Step.WaitsFor.RUN, Step.WaitsFor.ITEMS)
    return step.status not in STEP.terminal and (step.has_asked or step.waits_for in waits_for)


def _start(run: Run, step: Step, node: RunStep, values: dict[str, Any], *, at: datetime) -> Run:
    return start_child(
        run,
        step,
        task=str(render(node.task, values)),
        given=render(node.input, values),
        token_budget=node.token_budget,
        at=at,
    )


def _end(run: Run, step: Step, child: Run, *, at: datetime) -> None:
    add_usage(run, step, tokens=child.tokens_used, cost_nanos=child.cost_nanos)
    shown = {"run_id": str(child.id), "status": child.status, "tokens": child.tokens_used}
    if child.status == "COMPLETED":
        succeed(run, step, child.output, at=at, data=shown)
        return
    fail(run, step, {**_failure(child), "run_id": str(child.id)}, at=at)


def _failure(child: Run) -> dict[str, Any]:
    """Why a child has no output. One that was cancelled because its tenant is not active any more
    says so: no map tolerates that."""
    if child.status == "CANCELLED":
        try:
            tenants.require_active_tenant(tenant_id=child.tenant_id)
        except TenantInactive as error:
            return failure_of(error)
    return end_of(child)
