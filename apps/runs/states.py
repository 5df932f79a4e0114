"""What may follow what, for runs and steps. The database's constraints are made of these tables."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from agentplatform.core.state_machine import StateMachine

MAX_DEPTH: Final = 5
"""So deep may runs be nested."""
_UNFINISHED_STEP: Final = frozenset({"CANCELLED"})

RUN = StateMachine(
    "run",
    {
        "PENDING": frozenset({"RUNNING", "CANCELLED", "TIMEOUT"}),
        "RUNNING": frozenset({"COMPLETED", "FAILED", "BUDGET_EXCEEDED", "CANCELLED", "TIMEOUT"}),
        "COMPLETED": frozenset(),
        "FAILED": frozenset(),
        "BUDGET_EXCEEDED": frozenset(),
        "CANCELLED": frozenset(),
        "TIMEOUT": frozenset(),
    },
)

STEP = StateMachine(
    "step",
    {
        "PENDING": frozenset({"QUEUED", "SKIPPED"}) | _UNFINISHED_STEP,
        # FAILED from anywhere: the step's own time is up.
        "QUEUED": frozenset({"RUNNING", "FAILED"}) | _UNFINISHED_STEP,
        "RUNNING": frozenset({"RUNNING", "SUCCESS", "FAILED", "WAITING", "RETRYING"})
        | _UNFINISHED_STEP,
        # SUCCESS: what the step waited for needs no further turn (a time, a person, other runs).
        "WAITING": frozenset({"QUEUED", "SUCCESS", "FAILED"}) | _UNFINISHED_STEP,
        "RETRYING": frozenset({"QUEUED", "FAILED"}) | _UNFINISHED_STEP,
        "SUCCESS": frozenset(),
        "FAILED": frozenset(),
        "SKIPPED": frozenset(),
        "CANCELLED": frozenset(),
    },
)

ASK = StateMachine(
    "ask",
    {
        "WAITING": frozenset({"ANSWERED", "CANCELLED"}),
        "ANSWERED": frozenset(),
        "CANCELLED": frozenset(),
    },
)

RUN_OUTCOME_OF_FAILURE: Final = {"budget_exceeded": "BUDGET_EXCEEDED"}
"""The failure codes that end a run in a state of their own; every other one ends it as FAILED."""

TENANT_STOPPED: Final = "tenant_inactive"
"""The failure code of a step that was refused because its tenant is suspended or deleted: its run
ends as CANCELLED, whatever the step's failure would do to it."""


def run_outcome(failure_code: str | None) -> str:
    """The terminal state of a run whose steps are over; `failure_code` is None for success."""
    return (
        "COMPLETED" if failure_code is None else RUN_OUTCOME_OF_FAILURE.get(failure_code, "FAILED")
    )


def may_retry(*, is_retryable: bool, attempt: int, max_attempts: int) -> bool:
    """Whether a failed attempt (counted from 1) is followed by another one."""
    return is_retryable and attempt < max_attempts


def backoff_seconds(*, backoff: tuple[float, ...], attempt: int) -> float:
    """How long to wait after attempt number `attempt`; the last entry repeats.

    `backoff` lists the wait before each attempt, the first included (0, 2, 4, 8, 16).
    """
    return backoff[min(attempt, len(backoff) - 1)] if backoff else 0.0


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """A tenant of which `wanted` wait and `room` more may be in flight. `served` is the number of
    the last place that it was given, the smallest being the longest ago."""

    tenant_id: UUID
    wanted: int
    room: int
    served: int


def give_in_turns(waiters: Iterable[Waiter], *, places: int) -> list[UUID]:
    """Who is given each of the free places, one after the other: the tenant that was served
    longest ago among those that still want one and have room."""
    line = deque(sorted(waiters, key=lambda one: (one.served, one.tenant_id)))
    left = {one.tenant_id: min(one.wanted, one.room) for one in line}
    given: list[UUID] = []
    while line and len(given) < places:
        first = line.popleft()
        if left[first.tenant_id] > 0:
            left[first.tenant_id] -= 1
            given.append(first.tenant_id)
            line.append(first)
    return given
