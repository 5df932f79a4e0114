"""The tables of runs and steps."""

import pytest

from agentplatform.core.state_machine import IllegalTransition
from apps.runs.states import RUN, STEP, backoff_seconds, may_retry, run_outcome


def test_the_terminal_states_are_the_design_s() -> None:
    assert RUN.terminal == {"COMPLETED", "FAILED", "BUDGET_EXCEEDED", "CANCELLED", "TIMEOUT"}
    assert STEP.terminal == {"SUCCESS", "FAILED", "SKIPPED", "CANCELLED"}


@pytest.mark.parametrize("machine", [RUN, STEP], ids=lambda machine: machine.name)
def test_every_state_is_reachable_and_reaches_an_end(machine: object) -> None:
    assert isinstance(machine, type(RUN))
    reached, pending = set(), ["PENDING"]
    while pending:
        state = pending.pop()
        if state not in reached:
            reached.add(state)
            pending.extend(machine.table[state])
    assert reached == set(machine.states)


def test_an_end_is_final() -> None:
    with pytest.raises(IllegalTransition):
        STEP.check("SUCCESS", "RUNNING")


def test_the_waits_between_attempts_are_the_seed_s() -> None:
    waits = [backoff_seconds(backoff=(0, 2, 4, 8, 16), attempt=n) for n in range(1, 7)]
    assert waits == [2, 4, 8, 16, 16, 16]


def test_only_a_retryable_failure_is_retried_and_only_while_attempts_are_left() -> None:
    assert may_retry(is_retryable=True, attempt=4, max_attempts=5)
    assert not may_retry(is_retryable=True, attempt=5, max_attempts=5)
    assert not may_retry(is_retryable=False, attempt=1, max_attempts=5)


def test_a_used_up_budget_ends_a_run_in_a_state_of_its_own() -> None:
    assert run_outcome("budget_exceeded") == "BUDGET_EXCEEDED"
    assert run_outcome("timeout") == "FAILED"
    assert run_outcome(None) == "COMPLETED"
