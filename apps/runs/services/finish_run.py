"""End a run, once."""

from datetime import datetime
from typing import Any

from agentplatform.core.json_values import clean_json
from agentplatform.core.transactions import after_commit
from agentplatform.telemetry.metrics import RUN_DURATION, tenant_label
from apps.gateway import facade as gateway
from apps.runs.contracts import OtherRelease
from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of, values_of
from apps.runs.services.asks.cancel_asks import cancel_asks
from apps.runs.services.dispatch import hint_children, send_advance, send_finish
from apps.runs.services.lock_run import locked_steps
from apps.runs.services.places.caps import hint_places
from apps.runs.services.transition import cancel_items, move_run, move_step, set_run
from apps.runs.spec.expression import TemplateError
from apps.runs.spec.template import render
from apps.runs.states import RUN, STEP
from apps.tools import facade as tools

MAY_LEAVE_CHECKPOINTS = ("agent", "crew", "map")


def finish_run(
    run: Run, outcome: str, *, at: datetime, error: dict[str, Any] | None = None
) -> bool:
    """Move a locked run to a terminal state with its output; cancel what is still open.

    False when the run was over before. The work that may follow later (pruning), if there is any,
    goes to `runs.finish_run` after the commit. Requires a transaction.
    """
    if run.status in RUN.terminal:
        return False
    output = None
    if outcome == "COMPLETED":
        try:
            output = clean_json(_output(run))
        except TemplateError as failure:
            outcome, error = "FAILED", {"code": failure.code, "detail": f"output: {failure.detail}"}
    unfinished = [one for one in locked_steps(run).values() if one.status not in STEP.terminal]
    for step in unfinished:
        if step.waits_for == Step.WaitsFor.ITEMS:
            cancel_items(run, step, at=at)
        move_step(run, step, "CANCELLED", at=at, completed_at=at, lease_token=None)
    move_run(run, outcome, at=at, output=output, error=error, completed_at=at)
    if outcome != "COMPLETED":
        gateway.cancel_calls(run_id=run.id, at=at)
        tools.cancel_calls(run_id=run.id, at=at)
        cancel_asks(run_id=run.id, at=at)
        if _may_have_children(run):
            hint_children(run_id=run.id)
    after_commit(
        RUN_DURATION.labels(tenant_label(str(run.tenant_id)), outcome).observe,
        amount=(at - (run.started_at or at)).total_seconds(),
    )
    if any(step.kind in MAY_LEAVE_CHECKPOINTS for step in locked_steps(run).values()):
        after_commit(send_finish, run_id=run.id)
    else:
        set_run(run, finalized_at=at)
    hint_places(run)
    if run.parent_run_id is not None:
        after_commit(send_advance, run_id=run.parent_run_id)
    return True


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
