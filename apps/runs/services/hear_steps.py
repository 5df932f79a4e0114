"""What the steps of a run say while their model calls run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from apps.gateway import facade as gateway
from apps.runs.contracts import OtherRelease
from apps.runs.models import Run, Step
from apps.runs.selectors import spec_of


@dataclass(frozen=True, kw_only=True)
class StepText:
    """The next piece of the text of one call. `item` counts a map's items from 0. With an `offset`
    of 0 the text begins anew; else it goes on after so many characters."""

    step: str
    item: int | None
    call_id: UUID
    offset: int
    text: str


Hear = Callable[[datetime], list[StepText]]


def hear_steps(run: Run) -> Hear | None:
    """What gives the text that has come since it was last asked; None if no step is streamed, or
    only a process of another release can tell.

    It opens a scope of its own for a step that it does not know yet.
    """
    try:
        has_streams = spec_of(run).has_streams
    except OtherRelease:
        return None
    return _Ear(run).hear if has_streams else None


class _Ear:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._deltas = gateway.DeltaEar(tenant_id=run.tenant_id, run_id=run.id)
        self._steps: dict[UUID, Step] = {}

    def hear(self, at: datetime) -> list[StepText]:
        deltas = self._deltas.listen(at)
        self._know({delta.step_id for delta in deltas})
        found = ((self._steps.get(delta.step_id), delta) for delta in deltas)
        return [
            StepText(
                step=step.name,
                item=None if step.item_index < 0 else step.item_index,
                call_id=delta.call_id,
                offset=delta.offset,
                text=delta.text,
            )
            for step, delta in found
            if step is not None
        ]

    def _know(self, step_ids: set[UUID]) -> None:
        unknown = step_ids - self._steps.keys()
        if not unknown:
            return
        with brief_connection(), tenant_scope(self._run.tenant_id):
            steps = Step.objects.only("name", "item_index").filter(run_id=self._run.id)
            self._steps |= steps.in_bulk(unknown)
