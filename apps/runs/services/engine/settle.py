"""The ends and waits of a step that the engine takes by itself, without a worker's turn."""

from datetime import datetime
from typing import Any

from agentplatform.core.json_values import clean_json
from apps.runs.contracts import TooMuchHeld
from apps.runs.models import Run, Step
from apps.runs.services.hold_output import hold_output
from apps.runs.services.transition import move_step


def succeed(
    run: Run, step: Step, output: Any, *, at: datetime, data: dict[str, Any] | None = None
) -> None:
    """Move a RUNNING or WAITING step of a locked run to SUCCESS, or to FAILED if there is no room
    for its output. Requires a transaction."""
    output = clean_json(output)
    try:
        hold_output(run, step, output)
    except TooMuchHeld as error:
        fail(run, step, {"code": error.code, "detail": error.detail}, at=at)
        return
    move_step(
        run,
        step,
        "SUCCESS",
        at=at,
        data=clean_json(data),
        output=output,
        completed_at=at,
        waits_for="",
        wait_until=None,
    )


def fail(run: Run, step: Step, error: dict[str, Any], *, at: datetime) -> None:
    """Move a step of a locked run to FAILED for good. Requires a transaction."""
    error = clean_json(error)
    move_step(
        run,
        step,
        "FAILED",
        at=at,
        data=error,
        error=error,
        completed_at=at,
        lease_token=None,
        waits_for="",
        wait_until=None,
    )


def wait_for(
    run: Run, step: Step, what: Step.WaitsFor, *, at: datetime, until: datetime | None, **data: Any
) -> None:
    """Move a RUNNING step of a locked run to WAITING. Requires a transaction."""
    shown = {"waits_for": what.value, "until": until.isoformat() if until else None, **data}
    move_step(
        run,
        step,
        "WAITING",
        at=at,
        data=clean_json(shown),
        waits_for=what,
        wait_until=until,
        dispatched_at=None,
    )
