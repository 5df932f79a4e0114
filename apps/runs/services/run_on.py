"""Go on with the only step that became due in the same worker; send messages for several."""

from collections.abc import Callable
from datetime import datetime

from agentplatform.core.drain import is_draining
from apps.runs.services.dispatch import QueuedStep, send_steps
from apps.runs.services.execute_step import execute_step, take_claimed


def run_on(queued: list[QueuedStep], *, clock: Callable[[], datetime]) -> None:
    """No message without need: a lone successor is taken here, claimed and committed by itself,
    unless this worker was told to stop.

    `clock` gives the time of each turn. Opens transactions of its own.
    """
    while len(queued) == 1:
        claim = queued[0].claim
        if claim is not None:
            queued = take_claimed(claim, at=clock(), goes_on=not is_draining())
        elif not is_draining():
            due = queued[0]
            queued = execute_step(step_id=due.step_id, turn=due.turn, at=clock(), goes_on=True)
        else:
            break
    if queued:
        send_steps(steps=queued, at=clock())
