"""End a run, once."""

from datetime import datetime
from typing import Any

from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import after_commit
from apps.gateway import facade as gateway
from apps.runs.contracts import OtherRelease
from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of, values_of
from apps.runs.services.asks.cancel_asks import cancel_asks
from apps.runs.services.dispatch import hint_children, send_advance, send_finish
from apps.runs.services.lock_run import locked_steps
from apps.runs.services.places.caps import hint_places
from apps.runs.services.tell_end import tell_run_end
from apps.runs.services.transition import cancel_items, move_run, move_step, set_run
from apps.runs.spec.expression import TemplateError
from apps.runs.spec.template import render
from apps.runs.states import RUN, STEP, TENANT_STOPPED
from apps.tenants import facade as tenants
from apps.tenants.contracts import TenantInactive
from apps.tools import facade as tools

MAY_LEAVE_CHECKPOINTS = ("agent", "crew", "map")


def finish_run(
    run: Run, outcome: str, *, at: datetime, error: dict[str, Any] | None = None
) -> bool:
    """Move a locked run to a terminal state with its output; cancel what is still open. One that
    ends because its tenant is not active any more ends as CANCELLED, whoever notices first.

    False when the run was over before. The work that may follow later (pruning), if there is any,
    goes to `runs.finish_run` after the commit. Requires a transaction.
    """
    if run.status in RUN.terminal:
        return False
    output = None
    if outcome == "COMPLETED":
        outcome, output, error = _completed(run)
    if _is_stopped(run, outcome):
        outcome, output, error = "CANCELLED", None, None
    _cancel_unfinished(run, at)
    before = run.status
    move_run(run, outcome, at=at, output=output, error=error, completed_at=at)
    if outcome == "CANCELLED":
        _record_cancelled(run, before, at)
    if outcome != "COMPLETED":
        gateway.cancel_calls(run_id=run.id, at=at)
        tools.cancel_calls(run_id=run.id, at=at)
        cancel_asks(run_id=run.id, at=at)
        if _may_have_children(run):
            hint_children(run_id=run.id)
    tell_run_end(run, at=at)
    if any(step.kind in MAY_LEAVE_CHECKPOINTS for step in locked_steps(run).values()):
        after_commit(send_finish, run_id=run.id)
    else:
        set_run(run, finalized_at=at)
    hint_places(run)
    if run.parent_run_id is not None:
        after_commit(send_advance, run_id=run.parent_run_id)
    return True


def _is_stopped(run: Run, outcome: str) -> bool:
    """Whether a step of it was refused because of its tenant, or it fails while that is stopped."""
    errors = (step.error or {} for step in locked_steps(run).values())
    if any(error.get("code") == TENANT_STOPPED for error in errors):
        return True
    if outcome in ("COMPLETED", "CANCELLED"):
        return False
    try:
        tenants.require_active_tenant(tenant_id=run.tenant_id)
    except TenantInactive:
        return True
    return False


def _completed(run: Run) -> tuple[str, Any, dict[str, Any] | None]:
    """Outcome, output and error of a run whose steps are over."""
    try:
        return "COMPLETED", clean_json(_output(run)), None
    except TemplateError as failure:
        return "FAILED", None, {"code": failure.code, "detail": f"output: {failure.detail}"}


def _cancel_unfinished(run: Run, at: datetime) -> None:
    unfinished = [one for one in locked_steps(run).values() if one.status not in STEP.terminal]
    for step in unfinished:
        if step.waits_for == Step.WaitsFor.ITEMS:
            cancel_items(run, step, at=at)
        move_step(run, step, "CANCELLED", at=at, completed_at=at, lease_token=None)


def _record_cancelled(run: Run, before: str, at: datetime) -> None:
    tenants.record_change(
        tenant_id=run.tenant_id,
        action="run.cancelled",
        target=("run", run.id),
        at=at,
        before={"status": before},
        after={"status": run.status},
    )


def _may_have_children(run: Run) -> bool:
    try:
        return spec_of(run).has_children
    except OtherRelease:  # a run is ended whoever wrote it
        return True


def _output(run: Run) -> Any:
    spec, values = spec_of(run), values_of(run, locked_steps(run))
    if spec.output is not None:
        return render(spec.output, values)
    return {name: values["steps"][name]["output"] for name in spec.leaves}
