"""Send the messages that hint at what the rows say. Called after the commit, never inside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from celery import chain, chord, current_app
from celery.canvas import Signature

from agentplatform.calls.contracts import CallKind, HeldCall
from agentplatform.core.kill_points import reach
from agentplatform.core.transactions import after_commit
from apps.gateway import facade as gateway
from apps.runs.models import Step
from apps.runs.services.claim import Claim
from apps.tools import facade as tools

log = structlog.get_logger("runs")

MODEL_CALLS_A_MESSAGE = 16
"""More are spread over the llm workers."""


@dataclass(frozen=True, kw_only=True)
class QueuedStep:
    """A step whose turn is due; with a `claim`, whoever is told holds it already."""

    step_id: UUID
    turn: int
    claim: Claim | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """A call that a turn wants."""

    kind: CallKind
    call_id: UUID


def send_task(*, name: str, keywords: dict[str, Any]) -> None:
    """Send a message as it was asked for."""
    _task(name, **keywords).apply_async()


def send_advance(*, run_id: UUID) -> None:
    """Hint that the run may have steps to start."""
    _task("runs.advance_run", run_id=str(run_id)).apply_async()


def send_finish(*, run_id: UUID) -> None:
    """Hint that the run is over and the work after its end is due."""
    _task("runs.finish_run", run_id=str(run_id)).apply_async()


def send_give_places() -> None:
    """Hint that runs or calls may wait for places, and places be free."""
    _task("runs.give_places").apply_async()


def hint_children(*, run_id: UUID) -> None:
    """Once the open transaction is committed: child runs may have lost the step they work for."""
    after_commit(send_cancel_children, run_id=run_id)


def send_cancel_children(*, run_id: UUID) -> None:
    """Hint that the run may have child runs that nobody waits for any more."""
    _task("runs.cancel_children", run_id=str(run_id)).apply_async()


def send_steps(*, steps: Iterable[QueuedStep], at: datetime) -> None:
    """Hint that these steps are queued; remember when."""
    for step in steps:
        _task("runs.execute_step", step_id=str(step.step_id), turn=step.turn).apply_async()
    Step.objects.filter(id__in=[step.step_id for step in steps], status="QUEUED").update(
        dispatched_at=at
    )


def send_resume(*, step_id: UUID, turn: int) -> None:
    """Hint that every call of the turn may be finished."""
    _resume(step_id, turn).apply_async()


def send_calls(*, step_id: UUID, turn: int, calls: Sequence[PlannedCall]) -> None:
    """Send a turn's calls with the task that takes their results home.

    One message is a chain, several are a chord; the rows decide whether the turn is complete.
    """
    signatures = _messages(calls)
    resume = _resume(step_id, turn)
    if len(signatures) == 1:
        chain(signatures[0], resume).apply_async()
    else:
        chord(signatures)(resume)


def mark_calls(calls: Sequence[PlannedCall], *, at: datetime | None) -> None:
    """Remember when these calls were sent; None: they were not."""
    for kind, owner in (("llm", gateway), ("tool", tools)):
        if ids := [call.call_id for call in calls if call.kind == kind]:
            owner.mark_dispatched(call_ids=ids, at=at)


def send_released_call(*, call: HeldCall, at: datetime) -> None:
    """Send a call that was given a place. Once it has ended its place is given to another, and its
    result taken home."""
    planned = PlannedCall(kind=call.kind, call_id=call.call_id)
    links = (*_messages([planned]), _task("runs.give_places"), _resume(call.step_id, call.turn))
    chain(*links).apply_async()
    owner = gateway if call.kind == "llm" else tools
    owner.mark_dispatched(call_ids=[call.call_id], at=at)


def _messages(calls: Sequence[PlannedCall]) -> list[Signature]:
    """Model calls go together, as one worker waits for many as well as for one; a tool call keeps
    its worker busy and goes by itself."""
    models = [call.call_id for call in calls if call.kind == "llm"]
    return [
        *(
            gateway.completion_signature(call_ids=models[first : first + MODEL_CALLS_A_MESSAGE])
            for first in range(0, len(models), MODEL_CALLS_A_MESSAGE)
        ),
        *(tools.tool_call_signature(call_id=call.call_id) for call in calls if call.kind == "tool"),
    ]


def _resume(step_id: UUID, turn: int) -> Signature:
    return _task("runs.resume_step", step_id=str(step_id), turn=turn)


def _task(name: str, **ids: object) -> Signature:
    reach("before_send", name)
    message: Signature = current_app.signature(name, kwargs=ids, immutable=True)
    return message
