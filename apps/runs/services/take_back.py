"""Take back what a step has started and nobody waits for any more."""

from datetime import datetime
from uuid import UUID

from apps.gateway import facade as gateway
from apps.runs.models import Run, Step
from apps.runs.services.asks.cancel_asks import cancel_asks
from apps.runs.services.dispatch import hint_children
from apps.runs.services.transition import cancel_items
from apps.tools import facade as tools


def take_back(run: Run, step: Step, *, at: datetime) -> None:
    """Cancel the items, calls, asks and child runs of a step of a locked run that is over; of an
    item, only its own. Requires a transaction."""
    is_map = step.kind == "map"
    if is_map:
        cancel_items(run, step, at=at)
    ids = _rows_of(run, step) if is_map else [step.id]
    gateway.cancel_calls(run_id=run.id, step_ids=ids, at=at)
    tools.cancel_calls(run_id=run.id, step_ids=ids, at=at)
    has_asked = cancel_asks(run_id=run.id, step_ids=ids, at=at)
    if has_asked or is_map or step.kind == "run":
        hint_children(run_id=run.id)


def _rows_of(run: Run, step: Step) -> list[UUID]:
    return list(Step.objects.filter(run_id=run.id, name=step.name).values_list("id", flat=True))
