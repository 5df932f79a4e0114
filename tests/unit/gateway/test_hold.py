"""What an attempt holds of each account."""

from dataclasses import replace
from datetime import date

import pytest

from apps.gateway.contracts import CompletionRequest, Message
from apps.gateway.services.hold import NoPrice, NoRoom, plan_hold
from apps.gateway.services.price_list import Price, Tariff, free_price
from apps.tenants.contracts import AccountRoom, Unit

SHORT = Price(
    provider="openai",
    model="gpt-4o-mini",
    since=date(2024, 7, 18),
    input_rate=150_000_000,
    output_rate=600_000_000,
)
MINI = Tariff((SHORT,))
LONG = replace(SHORT, prompts_above=100, input_rate=300_000_000, output_rate=900_000_000)
FREE = free_price(model="any", on=date(2026, 1, 1))


def account(unit: Unit, room: int | None, *, number: int = 1) -> AccountRoom:
    return AccountRoom(account_id=number, kind="tenant", unit=unit, hard_limit=room, room=room)


def ask(max_tokens: int | None = None) -> CompletionRequest:
    return CompletionRequest(messages=(Message(role="user", content="Hi"),), max_tokens=max_tokens)


def test_an_account_without_a_limit_holds_the_default_answer() -> None:
    hold = plan_hold(ask(), prompt_tokens=10, price=MINI, accounts=[account("tokens", None)])
    assert (hold.max_tokens, hold.lines) == (1024, ((1, 1034),))


def test_an_open_answer_is_bounded_by_the_tightest_account() -> None:
    accounts = [account("tokens", 500), account("tokens", 200, number=2)]
    hold = plan_hold(ask(), prompt_tokens=100, price=MINI, accounts=accounts)
    assert (hold.max_tokens, hold.lines) == (100, ((1, 200), (2, 200)))


def test_an_open_answer_is_bounded_by_the_money_left() -> None:
    accounts = [account("nanos", 150 * 100 + 600 * 50)]
    hold = plan_hold(ask(), prompt_tokens=100, price=MINI, accounts=accounts)
    assert (hold.max_tokens, hold.lines) == (50, ((1, 45_000),))


def test_what_may_be_cached_for_an_hour_is_held_at_its_price() -> None:
    message = Message(role="user", content="Hi", ends_cache="1h")
    request = ask(50).model_copy(update={"messages": (message,)})
    hold = plan_hold(request, prompt_tokens=100, price=MINI, accounts=[account("nanos", 10**9)])
    assert hold.lines == ((1, 300 * 100 + 600 * 50),)
    with pytest.raises(NoRoom):
        plan_hold(request, prompt_tokens=100, price=MINI, accounts=[account("nanos", 59_999)])


@pytest.mark.parametrize(("prompt_tokens", "nanos"), [(100, 150), (101, 300)])
def test_a_prompt_that_may_be_long_is_held_at_the_price_of_one(
    prompt_tokens: int, nanos: int
) -> None:
    tariff = Tariff((LONG, SHORT))
    held = plan_hold(
        ask(50), prompt_tokens=prompt_tokens, price=tariff, accounts=[account("nanos", 10**9)]
    )
    assert held.cost_nanos == prompt_tokens * nanos + 50 * (600 if nanos == 150 else 900)
    left = plan_hold(
        ask(),
        prompt_tokens=prompt_tokens,
        price=tariff,
        accounts=[account("nanos", prompt_tokens * nanos + 899 * 20)],
    )
    assert left.max_tokens == (29 if nanos == 150 else 19)


def test_an_asked_length_is_never_shortened() -> None:
    with pytest.raises(NoRoom) as refusal:
        plan_hold(ask(101), prompt_tokens=100, price=MINI, accounts=[account("tokens", 200)])
    assert refusal.value.needed == 201


def test_a_room_for_next_to_nothing_is_no_room() -> None:
    with pytest.raises(NoRoom):
        plan_hold(ask(), prompt_tokens=100, price=MINI, accounts=[account("tokens", 115)])


def test_a_limit_in_usd_needs_a_price() -> None:
    with pytest.raises(NoPrice):
        plan_hold(ask(), prompt_tokens=1, price=None, accounts=[account("nanos", 10**12)])


def test_without_a_limit_in_usd_an_unknown_price_holds_tokens_only() -> None:
    accounts = [account("tokens", None), account("nanos", None, number=2)]
    hold = plan_hold(ask(5), prompt_tokens=1, price=None, accounts=accounts)
    assert (hold.lines, hold.cost_nanos) == (((1, 6),), None)


def test_a_free_model_fits_an_empty_purse() -> None:
    hold = plan_hold(ask(), prompt_tokens=1, price=FREE, accounts=[account("nanos", 0)])
    assert (hold.max_tokens, hold.cost_nanos) == (1024, 0)
