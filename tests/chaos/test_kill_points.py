"""A process dies at any of its points: the run ends as if nothing had been."""

import pytest

from tests.chaos.passing import pass_time
from tests.chaos.stack import Stack

POINTS = (
    "before_task@runs.advance_run",
    "before_task@runs.execute_step",
    "before_task@runs.resume_step",
    "before_task@gateway.complete",
    "before_task@tools.execute",
    "after_claim@runs.execute_step",
    "after_claim@gateway.complete",
    "after_claim@tools.execute",
    "after_answer@gateway.complete",
    "after_answer@tools.execute",
    "before_send@runs.execute_step",
    "before_send@runs.resume_step",
    "before_send@runs.finish_run",
    "before_ack@runs.advance_run",
    "before_ack@runs.execute_step",
    "before_ack@runs.resume_step",
    "before_ack@gateway.complete",
    "before_ack@tools.execute",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_run_outlives_a_death(stack: Stack, point: str) -> None:
    stack.arm(point)
    run = stack.start_run()
    stack.wait_for_death()
    pass_time()
    stack.audit(deaths=1)
    run.refresh_from_db()
    assert run.status == "COMPLETED"
    assert [name for name, _ in stack.fallen()] == [point]
