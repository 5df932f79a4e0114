"""The right to take a step's present turn."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallOutcome
from apps.runs.models import Checkpoint, Run, Step


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Good until the lease ends. `values` is what expressions saw when the step was claimed,
    `outcomes` the recorded calls of the turn before, by index; `checkpoint` is where that turn left
    an agent or a crew."""

    run: Run
    step: Step
    token: UUID
    values: dict[str, Any]
    outcomes: tuple[CallOutcome, ...] = ()
    checkpoint: Checkpoint | None = None
