"""The events of a run as they come, and the text of its model calls between them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from apps.runs.models import Run, RunEvent
from apps.runs.selectors import events_after
from apps.runs.services.hear_steps import Hear, StepText
from apps.runs.states import RUN

BATCH = 500
HEARTBEAT = timedelta(seconds=15)
LOOK = timedelta(seconds=0.2)
"""Between two looks for events, the text is asked for as often as the caller asks."""


class Heartbeat:
    """Nothing came for a while; whoever listens may see that the line is alive."""


Seen = RunEvent | StepText | Heartbeat | None


def follow_events(
    *,
    tenant_id: UUID,
    run_id: UUID,
    after: int,
    clock: Callable[[], datetime],
    may_go_on: Callable[[], bool],
    hear: Hear | None = None,
) -> Iterator[Seen]:
    """Every event past `after`, until the run is over and its last one was given, or until
    `may_go_on` is false; None means that nothing new is there yet, and the caller waits a little.
    What `hear` gives comes before the event that ends its call.

    Opens a scope of its own for each look, and holds no connection between two.
    """
    heard_at = look_at = clock()
    is_over = False
    while may_go_on():
        at = clock()
        events: list[RunEvent] = []
        if hear is None or at >= look_at:
            events, is_over = _look(tenant_id=tenant_id, run_id=run_id, after=after)
            look_at = at if len(events) == BATCH else at + LOOK
        said = hear(at) if hear else []
        yield from said
        for event in events:
            after = event.seq
            yield event
        if is_over:
            return
        if events or said:
            heard_at = clock()
        elif clock() - heard_at >= HEARTBEAT:
            heard_at = clock()
            yield Heartbeat()
        if len(events) < BATCH:
            yield None


def _look(*, tenant_id: UUID, run_id: UUID, after: int) -> tuple[list[RunEvent], bool]:
    """The next events past `after`, and whether no other will follow them."""
    with brief_connection(), tenant_scope(tenant_id):
        run = Run.objects.only("status", "event_seq").filter(id=run_id).first()
        events = events_after(run_id=run_id, seq=after, limit=BATCH)
    newest = events[-1].seq if events else after
    return events, run is None or (run.status in RUN.terminal and newest >= run.event_seq)
