"""Go on with the only step that became due in the same worker; send messages for several."""

from collections.abc import Callable
from datetime import datetime

from agentplatform.core.drain import is_draining
from apps.runs.services.dispatch import QueuedStep, send_steps
from apps.runs.services.execute_step import execute_step


def run_on(queued: list[QueuedStep], *, clock: Callable[[], datetime]) -> None:
    """No message without need: a lone successor is taken here, claimed and committed by itself,
    unless this worker was told to stop.

    `clock` gives the time of each turn. Opens transactions of its own.
    """
    while len(queued) == 1 and not is_draining():
        queued = execute_step(step_id=queued[0].step_id, turn=queued[0].turn, at=clock())
    if queued:
        send_steps(steps=queued, at=clock())
