"""The events of a run as they come."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from apps.runs.models import Run, RunEvent
from apps.runs.selectors import events_after
from apps.runs.states import RUN

BATCH = 500
HEARTBEAT = timedelta(seconds=15)


class Heartbeat:
    """Nothing came for a while; whoever listens may see that the line is alive."""


Seen = RunEvent | Heartbeat | None


def follow_events(
    *,
    tenant_id: UUID,
    run_id: UUID,
    after: int,
    clock: Callable[[], datetime],
    may_go_on: Callable[[], bool],
) -> Iterator[Seen]:
    """Every event past `after`, until the run is over and its last one was given, or until
    `may_go_on` is false; None means that nothing new is there yet, and the caller waits a little.

    Opens a scope of its own for each look, and holds no connection between two.
    """
    heard_at = clock()
    while may_go_on():
        with brief_connection(), tenant_scope(tenant_id):
            run = Run.objects.only("status", "event_seq").filter(id=run_id).first()
            events = events_after(run_id=run_id, seq=after, limit=BATCH)
        for event in events:
            after, heard_at = event.seq, clock()
            yield event
        if run is None or (run.status in RUN.terminal and after >= run.event_seq):
            return
        if not events and clock() - heard_at >= HEARTBEAT:
            heard_at = clock()
            yield Heartbeat()
        elif len(events) < BATCH:
            yield None
