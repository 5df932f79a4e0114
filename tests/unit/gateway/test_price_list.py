"""What a usage costs, and which price holds on a day."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.contracts import Usage
from apps.gateway.models.model_price import RATES
from apps.gateway.services.price_list import Price, PriceList, Tariff

USD = 10**9


def price(**values: Any) -> Price:
    known: dict[str, Any] = {
        "provider": "openai",
        "model": "gpt",
        "since": date(2026, 1, 1),
        "input_rate": 2 * USD,
        "output_rate": 8 * USD,
    }
    return Price(**{**known, **values})


def usage(prompt: int, completion: int, **parts: int) -> Usage:
    return Usage(prompt_tokens=prompt, completion_tokens=completion, **parts)


@pytest.mark.parametrize(
    ("rates", "used", "nanos"),
    [
        ({}, usage(100, 10), 100 * 2000 + 10 * 8000),
        ({}, usage(100, 10, cached_tokens=60, reasoning_tokens=4), 100 * 2000 + 10 * 8000),
        ({"cached_rate": USD}, usage(100, 0, cached_tokens=60), 40 * 2000 + 60 * 1000),
        ({"cached_rate": 0}, usage(100, 0, cached_tokens=100), 0),
        (
            {"cached_rate": USD, "cache_write_rate": 3 * USD},
            usage(100, 0, cached_tokens=60, cache_write_tokens=30),
            10 * 2000 + 60 * 1000 + 30 * 3000,
        ),
        (
            {"cache_write_rate": 3 * USD},
            usage(100, 0, cache_write_tokens=30, cache_write_hour_tokens=20),
            70 * 2000 + 10 * 3000 + 20 * 4000,
        ),
        (
            {"cache_write_hour_rate": 5 * USD},
            usage(100, 0, cache_write_tokens=30, cache_write_hour_tokens=30),
            70 * 2000 + 30 * 5000,
        ),
        ({"reasoning_rate": 9 * USD}, usage(0, 10, reasoning_tokens=4), 6 * 8000 + 4 * 9000),
    ],
)
def test_each_token_is_counted_once_at_its_own_rate(
    rates: dict[str, int], used: Usage, nanos: int
) -> None:
    assert price(**rates).cost(used) == nanos


@given(
    rates=st.tuples(*[st.integers(0, 10**13)] * 6),
    tokens=st.tuples(*[st.integers(0, 10**6)] * 5),
    answer=st.integers(0, 10**6),
)
def test_a_bound_holds_however_the_tokens_fall(
    rates: tuple[int, ...], tokens: tuple[int, ...], answer: int
) -> None:
    dear = price(**dict(zip(RATES, rates, strict=True)))
    fresh, cached, written, for_hour, reasoning = tokens
    prompt, completion = fresh + cached + written + for_hour, reasoning + answer
    parts = {
        "cached_tokens": cached, "cache_write_tokens": written + for_hour,
        "cache_write_hour_tokens": for_hour, "reasoning_tokens": reasoning,
    }  # fmt: skip
    bound = dear.bound(usage(prompt, completion), for_hour=bool(for_hour))
    assert dear.cost(usage(prompt, completion, **parts)) <= bound


def test_a_rate_below_a_nano_dollar_a_token_is_exact_and_rounded_up_once() -> None:
    cheap = price(input_rate=37_500_000, output_rate=0)
    assert cheap.cost(usage(2, 0)) == 75
    assert cheap.cost(usage(1, 0)) == 38
    assert cheap.cost(usage(2_000_001, 0)) == 75_000_038


@given(
    rates=st.tuples(*[st.integers(0, 10**13)] * 2),
    prompt=st.integers(0, 10**6),
    room=st.integers(0, 10**12),
)
def test_as_many_tokens_as_fit_by_the_price_of_one_never_cost_more_than_the_room(
    rates: tuple[int, int], prompt: int, room: int
) -> None:
    one = price(input_rate=rates[0], output_rate=rates[1])
    left = room - one.bound(usage(prompt, 0))
    if left < 0 or one.output_nanos == 0:
        return
    assert one.bound(usage(prompt, left // one.output_nanos)) <= room


def test_the_price_of_the_day_holds_with_its_first_and_its_last_day() -> None:
    first = price(until=date(2026, 6, 30))
    second = price(since=date(2026, 8, 1))
    third = price(since=date(2026, 9, 1))
    prices = PriceList([third, first, second])

    def found(month: int, day: int) -> Tariff | None:
        return prices.find(provider="openai", model="gpt", on=date(2026, month, day))

    assert found(1, 1) == found(6, 30) == Tariff((first,))
    assert found(7, 1) is None
    assert found(8, 31) == Tariff((second,))
    assert found(9, 1) == Tariff((third,))
    assert prices.find(provider="openai", model="gpt", on=date(2025, 12, 31)) is None


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt", True),
        ("gpt-2026-01-31", True),
        ("gpt-20260131", True),
        ("gpt-tuned", False),
        ("gpt-4", False),
        ("ft:gpt", False),
    ],
)
def test_a_dated_snapshot_costs_as_its_model_does_and_nothing_else(model: str, known: bool) -> None:
    found = PriceList([price()]).find(provider="openai", model=model, on=date(2026, 2, 1))
    assert (found is not None) is known


def test_a_snapshot_with_a_price_of_its_own_costs_that_while_it_holds() -> None:
    own = price(model="gpt-2026-01-31", since=date(2026, 2, 1), until=date(2026, 2, 9))
    prices = PriceList([price(), own])
    found = [
        prices.find(provider="openai", model="gpt-2026-01-31", on=date(2026, 2, day))
        for day in (9, 10)
    ]
    assert found == [Tariff((own,)), Tariff((price(),))]


def test_all_tokens_of_a_request_cost_what_they_do_in_one_of_its_length() -> None:
    short = price(until=date(2026, 2, 28))
    long = price(prompts_above=200, input_rate=4 * USD, output_rate=12 * USD)
    longer = price(prompts_above=900, input_rate=5 * USD, since=date(2026, 2, 1))
    prices = PriceList([longer, short, long])

    def cost(prompt: int, *, month: int = 2) -> int | None:
        found = prices.find(provider="openai", model="gpt", on=date(2026, month, 1))
        return found.cost(usage(prompt, 10)) if found else None

    assert cost(200) == 200 * 2000 + 10 * 8000
    assert cost(201) == 201 * 4000 + 10 * 12000
    assert cost(901) == 901 * 5000 + 10 * 8000
    assert cost(901, month=1) == 901 * 4000 + 10 * 12000
    assert cost(201, month=3) is None


@given(
    rates=st.tuples(*[st.integers(0, 10**13)] * 4),
    prompt=st.integers(0, 400),
    most=st.integers(0, 100),
    room=st.integers(0, 10**10),
)
def test_what_is_held_for_a_prompt_covers_any_shorter_one_too(
    rates: tuple[int, ...], prompt: int, most: int, room: int
) -> None:
    short = price(input_rate=rates[0], output_rate=rates[1])
    long = price(prompts_above=200, input_rate=rates[2], output_rate=rates[3])
    tariff = Tariff((long, short))
    assert tariff.cost(usage(max(0, prompt - most), 10)) <= tariff.bound(usage(prompt, 10))
    left = room - tariff.bound(usage(prompt, 0))
    if left >= 0 and (token_nanos := tariff.output_nanos(prompt)):
        assert tariff.bound(usage(prompt, left // token_nanos)) <= room


def test_a_price_is_of_one_provider() -> None:
    assert PriceList([price()]).find(provider="azure", model="gpt", on=date(2026, 2, 1)) is None
