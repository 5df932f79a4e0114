"""What is known of the calls of a turn."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallFailure, CallOutcome
from agentplatform.calls.row import CallRow, Row
from agentplatform.calls.states import CALL, SUCCESS
from agentplatform.core.postgresql.reads import Reads


def read_turn(
    reads: Reads, model: type[Row], *, step_id: UUID, turn: int
) -> Callable[[int], list[Row]]:
    """Have `reads` read the calls of one turn. Returns what gives them for an attempt, ordered by
    index: for each the newest up to this attempt, as one that goes on from a checkpoint repeats
    only what failed."""
    tail = 'where step_id = %s and turn = %s order by "index", attempt'
    rows = reads.add(model, tail, [step_id, turn])
    return lambda attempt: list(
        {row.index: row for row in rows() if row.attempt <= attempt}.values()
    )


def steps_with_open_rows(model: type[CallRow], *, step_ids: Collection[UUID]) -> set[UUID]:
    """Those of the steps that have a call which is not finished, in any turn."""
    calls = model.objects.filter(step_id__in=step_ids).exclude(status__in=CALL.terminal)
    return set(calls.values_list("step_id", flat=True).distinct())


def outcome_of(
    row: CallRow, *, summary: dict[str, Any], tokens: int = 0, cost_nanos: int | None = 0
) -> CallOutcome:
    """The row as it crosses its app's border."""
    return CallOutcome(
        call_id=row.id,
        kind=row.kind,
        attempt=row.attempt,
        index=row.index,
        is_finished=row.status in CALL.terminal,
        output=row.response if row.status == SUCCESS else None,
        failure=CallFailure(**row.error) if row.error else None,
        tokens=tokens,
        cost_nanos=cost_nanos,
        duration_ms=row.duration_ms,
        summary=summary,
    )
