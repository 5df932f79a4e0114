"""Whether a locked run is held to a cap. Its tenant's caps were read with its row."""

from datetime import datetime

from django.conf import settings

from agentplatform.core.transactions import after_commit
from apps.runs.models import Run
from apps.runs.services.dispatch import send_give_places
from apps.runs.services.transition import record_event, set_run


def wanted_places(*, runs_cap: int | None) -> dict[str, int]:
    """The caps that hold a new run, by name; empty when there is none."""
    caps = {
        "max_runs_in_flight of the tenant": runs_cap,
        "MAX_RUNS_IN_FLIGHT of the platform": settings.PLATFORM.max_runs_in_flight or None,
    }
    return {name: cap for name, cap in caps.items() if cap is not None}


def must_wait(run: Run, *, at: datetime) -> bool:
    """Whether a PENDING run has to wait for a place. One that was accepted before there was a cap
    is made to. Requires a transaction."""
    if run.waits_for_place:
        return True
    caps = wanted_places(runs_cap=run.runs_cap)
    if caps:
        set_run(run, waits_for_place=True)
        record_event(run, "run.waiting", at=at, data={"caps": caps})
        after_commit(send_give_places)
    return bool(caps)


def are_calls_capped(run: Run) -> bool:
    """Whether the calls of the run wait for places."""
    return run.calls_cap is not None or settings.PLATFORM.max_calls_in_flight > 0


def hint_places(run: Run) -> None:
    """Once the open transaction is committed: the end of the run, and of its calls, made room."""
    if wanted_places(runs_cap=run.runs_cap) or are_calls_capped(run):
        after_commit(send_give_places)
