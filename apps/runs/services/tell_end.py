"""The end of a step or a run, told to metrics and traces once it is committed."""

from datetime import datetime
from typing import Any

from agentplatform.core.transactions import after_commit
from agentplatform.telemetry.metrics import RUN_DURATION, STEP_DURATION, step_label, tenant_label
from agentplatform.telemetry.row_spans import is_tracing, span_of_row
from apps.runs.models import Run, Step
from apps.runs.services.write_run import held_of


def tell_step_end(run: Run, step: Step, *, at: datetime) -> None:
    """For a step of a locked run that was begun; requires a transaction."""
    if step.started_at is None:
        return
    seconds = (at - step.started_at).total_seconds()
    after_commit(STEP_DURATION.labels(step_label(step.name), step.status).observe, amount=seconds)
    if is_tracing():
        about = {"step_id": step.id, "step": step.name, "kind": step.kind, "attempt": step.attempt}
        if step.item_index >= 0:
            about["item"] = step.item_index
        parent = _map_of(run, step) if step.item_index >= 0 else run
        _tell(f"step {step.name}", run, step, parent_id=parent.id, about=about, at=at)


def tell_run_end(run: Run, *, at: datetime) -> None:
    """For a locked run; requires a transaction."""
    seconds = (at - (run.started_at or at)).total_seconds()
    label = tenant_label(str(run.tenant_id))
    after_commit(RUN_DURATION.labels(label, run.status).observe, amount=seconds)
    if is_tracing():
        about = {"task_version_id": run.task_version_id}
        _tell("run", run, run, parent_id=run.parent_step_id, about=about, at=at)


def _map_of(run: Run, item: Step) -> Run | Step:
    steps = held_of(run).steps.values()
    return next((one for one in steps if one.name == item.name and one.item_index < 0), run)


def _tell(
    name: str, run: Run, row: Run | Step, *, parent_id: Any, about: dict[str, Any], at: datetime
) -> None:
    about = {
        "tenant_id": run.tenant_id,
        "run_id": run.id,
        **about,
        "status": row.status,
        "tokens_used": row.tokens_used,
    }
    shown = (int, str)
    after_commit(
        span_of_row,
        name=name,
        trace_id=run.trace_id,
        row_id=row.id,
        parent_id=parent_id,
        started_at=row.started_at or at,
        ended_at=at,
        attributes={
            f"agentplatform.{key}": value if isinstance(value, shown) else str(value)
            for key, value in about.items()
        },
        error=(row.error or {}).get("code"),
    )
