"""The kinds of step that the engine takes by itself, and how each of them begins."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.runs.models import Run, Step
from apps.runs.services.dispatch import QueuedStep
from apps.runs.services.engine.approval import begin_approval
from apps.runs.services.engine.child_run import begin_child
from apps.runs.services.engine.decision import decide
from apps.runs.services.engine.map_items import begin_map
from apps.runs.services.engine.wait import begin_wait
from apps.runs.services.transition import move_step
from apps.runs.spec.kinds import SpecStep

_BEGIN: dict[str, Callable[..., list[QueuedStep]]] = {
    "decision": decide,
    "wait": begin_wait,
    "approval": begin_approval,
    "run": begin_child,
    "map": begin_map,
}


def is_engine_kind(kind: str) -> bool:
    """Whether a step of this kind needs no worker to take its turns."""
    return kind in _BEGIN


def begin(
    run: Run, step: Step, node: SpecStep, values: dict[str, Any], *, at: datetime
) -> list[QueuedStep]:
    """Take a QUEUED step of a locked run as far as it goes now: to its end, or to what it waits
    for. Returns the steps that it queued. Requires a transaction."""
    move_step(run, step, "RUNNING", at=at, started_at=at)
    return _BEGIN[step.kind](run, step, node, values, at=at)
