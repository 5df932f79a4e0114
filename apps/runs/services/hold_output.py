"""What the steps of a run hold is bounded together: every turn of the run reads it."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from apps.runs.contracts import TooMuchHeld
from apps.runs.models import Run, Step
from apps.runs.services.transition import set_run


def hold_output(run: Run, step: Step, output: Any) -> None:
    """Count the output of a step of a locked run. Raises as hold_value does. Requires a
    transaction."""
    if step.kind != "map":  # its items were counted
        hold_value(run, output)


def hold_value(run: Run, value: Any) -> None:
    """Count `value` among what the steps of a locked run hold. Raises TooMuchHeld and counts
    nothing when there is no room for it. Requires a transaction."""
    held = run.held_bytes + json_bytes(value)
    limit = settings.PLATFORM.run_output_limit_bytes
    if held > limit:
        raise TooMuchHeld(
            f"With this, the outputs of the run's steps and the items of its maps are {held} bytes"
            f" of JSON together; RUN_OUTPUT_LIMIT_BYTES is {limit}. Let steps give less, or leave"
            " files."
        )
    set_run(run, held_bytes=held)


def held_by(rows: Iterable[Step]) -> int:
    """What these rows of steps and items hold, as it was counted when they were written."""
    return sum(
        json_bytes(row.output) * (row.kind != "map") + json_bytes(row.input) * (row.item_index >= 0)
        for row in rows
    )


def json_bytes(value: Any) -> int:
    return len(json.dumps(value))
