"""The window and the bucket, in Valkey and in memory, against every taking written down."""

from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.gateway.rates.counts import SPAN_MS, WIDTH_MS, Count, SlidingWindow, TokenBucket
from tests.integration.gateway.rates.scripts import Script

START = 1_700_000_000_000
CLIENT: Any = redis.Redis.from_url(settings.REDIS_URL)

GAPS = st.one_of(st.just(0), st.integers(1, 999), st.integers(1_000, 70_000))
TAKINGS = st.lists(st.tuples(GAPS, st.integers(1, 12)), min_size=1, max_size=60)
LIMITS = st.integers(1, 40)


class InMemory:
    """A Count as a Script is asked."""

    def __init__(self, count: Count, limit: int) -> None:
        self._count, self._limit = count, limit

    def take(self, now: int, *, tokens: int) -> float:
        wait = self._count.wait(tokens, limit=self._limit, now=now)
        if wait == 0:
            self._count.take(tokens, limit=self._limit, now=now)
        return -1 if wait is None else wait


def _counter(place: str, algorithm: Any, limit: int) -> Any:
    if place == "valkey":
        return Script(algorithm, limit, CLIENT, unit="tokens")
    return InMemory(SlidingWindow() if algorithm == "sliding_window" else TokenBucket(), limit)


def _within(taken: list[tuple[int, int]], begin: float, end: float) -> int:
    """How much was taken after `begin`, up to `end`."""
    return sum(amount for at, amount in taken if begin < at <= end)


@pytest.mark.parametrize("place", ["valkey", "memory"])
@given(takings=TAKINGS, limit=LIMITS)
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_minute_has_more_than_the_windows_limit_and_none_waits_longer_than_its_mark(
    place: str, takings: list[tuple[int, int]], limit: int
) -> None:
    counter, now, taken = _counter(place, "sliding_window", limit), START, []
    for gap, amount in takings:
        now += gap
        wait = counter.take(now, tokens=amount)
        if wait == 0:
            taken.append((now, amount))
            assert _within(taken, now - SPAN_MS, now) <= limit
        elif amount > limit:
            assert wait == -1
        else:
            assert _within(taken, now - SPAN_MS - WIDTH_MS, now) + amount > limit
            freed = now + wait
            assert _within(taken, freed - SPAN_MS, now) + amount <= limit


@pytest.mark.parametrize("place", ["valkey", "memory"])
@given(takings=TAKINGS, limit=LIMITS)
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_bucket_gives_what_flowed_in_and_never_more_than_it_holds_besides(
    place: str, takings: list[tuple[int, int]], limit: int
) -> None:
    counter, now, taken = _counter(place, "token_bucket", limit), START, []
    level, filled_at = float(limit), START
    for gap, amount in takings:
        now += gap
        level = min(limit, level + (now - filled_at) * limit / SPAN_MS)
        filled_at = now
        wait = counter.take(now, tokens=amount)
        if wait == 0:
            assert amount <= level + 0.01
            level -= amount
            taken.append((now, amount))
            assert _within(taken, now - SPAN_MS, now) <= 2 * limit
        elif amount > limit:
            assert wait == -1
        else:
            assert amount > level - 0.01
            assert abs(wait - (amount - level) * SPAN_MS / limit) <= 2


@pytest.mark.parametrize("algorithm", ["sliding_window", "token_bucket"])
@given(takings=TAKINGS, limit=LIMITS)
@hypothesis_settings(max_examples=60, deadline=None)
def test_both_places_decide_alike(
    algorithm: str, takings: list[tuple[int, int]], limit: int
) -> None:
    valkey, memory = (_counter(place, algorithm, limit) for place in ("valkey", "memory"))
    now = START
    for gap, amount in takings:
        now += gap
        told, expected = valkey.take(now, tokens=amount), memory.take(now, tokens=amount)
        assert (told == 0) == (expected == 0)
        assert abs(told - expected) <= 1


@pytest.mark.parametrize("algorithm", ["sliding_window", "token_bucket"])
@given(steps=st.lists(st.integers(-200_000, 70_000), min_size=1, max_size=30), limit=LIMITS)
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_clock_that_goes_back_gives_nothing_away_and_holds_nobody_for_longer_than_a_minute(
    algorithm: Any, steps: list[int], limit: int
) -> None:
    script, now = Script(algorithm, limit, CLIENT), START
    for step in steps:
        now += step
        wait = script.take(now)
        assert 0 <= wait <= SPAN_MS + WIDTH_MS
    while script.take(now) == 0:  # what is left
        pass
    assert script.take(now - 1_000_000) > 0


@given(estimate=st.integers(1, 100), used=st.integers(0, 300), later=st.integers(0, SPAN_MS - 1))
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_correction_leaves_what_was_used_in_fact(estimate: int, used: int, later: int) -> None:
    script = Script("sliding_window", 100, CLIENT, unit="tokens")
    assert script.take(START, tokens=estimate) == 0
    script.correct(START + later, taken_at=START, delta=used - estimate)
    assert script.left(START + later) == max(0, 100 - used)


def test_a_correction_after_the_minute_counts_only_what_was_used_beyond_the_estimate() -> None:
    script = Script("sliding_window", 100, CLIENT, unit="tokens")
    assert script.take(START, tokens=50) == 0
    later = START + SPAN_MS + WIDTH_MS
    script.correct(later, taken_at=START, delta=-40)
    assert script.left(later) == 100
    script.correct(later, taken_at=START, delta=30)
    assert script.left(later) == 70


def test_a_bucket_gets_back_what_was_not_used() -> None:
    script = Script("token_bucket", 100, CLIENT, unit="tokens")
    assert script.take(START, tokens=100) == 0
    script.correct(START, taken_at=START, delta=-70)
    assert script.left(START) == 70
