"""Write down which calls are wanted."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallPlan
from agentplatform.calls.row import CallRow
from agentplatform.core.ids import new_id
from agentplatform.core.postgresql.batch import Batch, row_values

Asked = dict[str, Any]
"""What a call asks for: the fields that its app adds to the row."""


def plan_rows(
    batch: Batch, model: type[CallRow], *, wanted: Sequence[tuple[CallPlan, Asked]], at: datetime
) -> Callable[[], list[UUID]]:
    """Have `batch` write the planned calls, as sent unless they are held: the caller sends them
    after the commit. Returns what tells their ids in the same order, once that is done. The same
    plan finds the same call."""
    rows = [_row(model, plan, asked, at) for plan, asked in wanted]
    written = batch.insert(model, [row_values(row) for row in rows], may_exist=True)

    def ids() -> list[UUID]:
        if written() == len(rows):
            return [row.id for row in rows]
        keys = [row.idempotency_key for row in rows]
        planned = model.objects.filter(idempotency_key__in=keys)
        found = dict(planned.values_list("idempotency_key", "id"))
        return [found[key] for key in keys]

    return ids


def _row(model: type[CallRow], plan: CallPlan, asked: Asked, at: datetime) -> CallRow:
    return model(
        id=new_id(),
        tenant_id=plan.tenant_id,
        run_id=plan.run_id,
        step_id=plan.step_id,
        attempt=plan.attempt,
        turn=plan.turn,
        index=plan.index,
        idempotency_key=plan.idempotency_key,
        priority=plan.priority,
        is_held=plan.is_held,
        dispatched_at=None if plan.is_held else at,
        created_at=at,
        **asked,
    )
