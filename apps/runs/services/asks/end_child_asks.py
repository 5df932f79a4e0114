"""The child runs that a turn has asked for are over."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.runs.models import Ask, Run
from apps.runs.services.asks.end_ask import end_ask, go_on_when_all_are_over
from apps.runs.services.lock_run import locked_step
from apps.runs.services.start_child import end_of
from apps.runs.services.transition import add_usage
from apps.runs.states import RUN


def end_child_asks(run: Run, *, at: datetime) -> None:
    """Answer the asks of a locked run whose child runs are over, with what these have used.

    Requires a transaction.
    """
    waiting = Ask.objects.filter(run_id=run.id, kind=Ask.Kind.RUN, status="WAITING")
    for ask in waiting.filter(child_run__status__in=RUN.terminal).select_related("child_run"):
        child = ask.child_run
        assert child is not None
        step = locked_step(run, ask.step_id)
        add_usage(run, step, tokens=child.tokens_used, cost_nanos=child.cost_nanos)
        end_ask(run, step, ask, _answer(child), at=at)
        go_on_when_all_are_over(run, step, at=at)


def parents_to_tell(*, at: datetime, unsent: timedelta, limit: int) -> set[UUID]:
    """Runs that wait for a child run which is over for longer than a message takes."""
    waiting = Ask.objects.filter(status="WAITING", kind=Ask.Kind.RUN, run__status="RUNNING")
    over = waiting.filter(
        child_run__status__in=RUN.terminal,
        child_run__completed_at__lte=at - unsent,
        run__advanced_at__lte=at - unsent,
    )
    return set(over.values_list("run_id", flat=True)[:limit])


def _answer(child: Run) -> dict[str, Any]:
    if child.status == "COMPLETED":
        return {"ok": True, "output": child.output}
    failure = end_of(child)
    return {"ok": False, "error": f"{failure['code']}: {failure['detail']}"}
