"""How far apart calls go on that were admitted together."""

import pytest

from apps.gateway.services.spacing import (
    LEAST_STEP_SECONDS,
    LONGEST_STEP_SECONDS,
    LONGEST_WAIT_SECONDS,
    Spacing,
)


def test_a_call_by_itself_does_not_wait() -> None:
    spacing = Spacing()
    assert [spacing.wait_seconds(at) for at in (5.0, 5.1, 5.2)] == [0, 0, 0]


def test_calls_of_one_moment_go_on_one_after_the_other() -> None:
    spacing = Spacing()
    waits = [spacing.wait_seconds(5.0) for _ in range(4)]
    assert waits == pytest.approx([step * LONGEST_STEP_SECONDS for step in range(4)])


def test_the_next_moments_calls_go_on_after_those_before() -> None:
    spacing = Spacing()
    for _ in range(4):
        spacing.wait_seconds(5.0)
    assert spacing.wait_seconds(5.0 + LONGEST_STEP_SECONDS) == pytest.approx(
        3 * LONGEST_STEP_SECONDS
    )


def test_no_call_of_a_crowd_waits_for_longer_than_the_longest() -> None:
    spacing = Spacing()
    waits = [spacing.wait_seconds(5.0) for _ in range(200)]
    assert max(waits) == pytest.approx(LONGEST_WAIT_SECONDS)
    assert spacing.wait_seconds(5.0 + 3 * LONGEST_WAIT_SECONDS) == 0


def test_the_more_calls_come_the_closer_they_go_on() -> None:
    spacing = Spacing()
    distance = 3 * LEAST_STEP_SECONDS
    for at in range(1000):
        spacing.wait_seconds(at * distance)
    assert spacing.wait_seconds(1000 * distance) == 0
    assert spacing.wait_seconds(1000 * distance) == pytest.approx(distance / 2, rel=0.1)


def test_where_calls_come_all_the_time_nobody_waits() -> None:
    spacing = Spacing()
    waits = [spacing.wait_seconds(at * LEAST_STEP_SECONDS) for at in range(2000)]
    assert not any(waits[1000:])
