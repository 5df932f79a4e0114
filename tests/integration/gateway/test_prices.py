"""The table of prices: how it is filled, what it refuses, how soon processes follow it."""

import contextvars
import io
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import no_scope
from apps.gateway.contracts import Usage
from apps.gateway.models import ModelPrice
from apps.gateway.services.change_prices import price_of_row, set_prices
from apps.gateway.services.price_list import Price, PriceList
from apps.gateway.services.prices import (
    FIRST_PATIENCE_SECONDS,
    QUIET_SECONDS,
    READ_AGAIN_SECONDS,
    TOO_OLD_SECONDS,
    FollowedPrices,
    PricesUnavailable,
    price_of,
    prices,
)
from apps.tenants.models import AuditEntry

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 1)
HEAD = "provider,model,since,until,input,output\n"


@pytest.fixture(autouse=True)
def _own_prices() -> Iterator[None]:
    """Every test may change the prices that the others find."""
    held = list(ModelPrice.objects.all())
    prices.forget()
    yield
    ModelPrice.objects.all().delete()
    ModelPrice.objects.bulk_create(held)
    prices.forget()


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("prices", *arguments, stdout=out)
    return out.getvalue()


def a_file(folder: Path, text: str, name: str = "prices.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def a_price(**values: Any) -> Price:
    known: dict[str, Any] = {"provider": "openai", "model": "new", "since": DAY}
    return Price(**{**known, "input_rate": 10**9, "output_rate": 2 * 10**9, **values})


def test_the_platform_comes_with_prices() -> None:
    tariff = price_of(provider="openai", model="gpt-4o-mini-2024-07-18", on=DAY)
    assert tariff is not None
    (price,) = tariff.prices
    assert (price.input_rate, price.output_rate) == (150_000_000, 600_000_000)
    assert price_of(provider="openai", model="gpt-4o-mini", on=date(2024, 7, 17)) is None
    assert price_of(provider="openai", model="nobody-knows", on=DAY) is None
    assert price_of(provider="anthropic", model="gpt-4o", on=DAY) is None


def test_the_local_provider_costs_nothing() -> None:
    tariff = price_of(provider="local", model="any", on=DAY)
    assert tariff is not None
    assert tariff.bound(Usage(prompt_tokens=10**6, completion_tokens=10**6)) == 0


def test_an_import_adds_changes_and_keeps_and_says_so(tmp_path: Path) -> None:
    file = a_file(
        tmp_path,
        HEAD + "openai,new,2026-11-01,,1,2\nopenai,gpt-4o,2024-10-01,,9,10\n",
    )
    assert run("import", file) == "1 added, 1 changed, 0 were there already\n"
    assert run("import", file) == "0 added, 0 changed, 2 were there already\n"
    actions = AuditEntry.objects.order_by("id").values_list("action", "target_id", "tenant_id")
    assert list(actions) == [
        ("price.added", "openai new from 2026-11-01", None),
        ("price.changed", "openai gpt-4o from 2024-10-01", None),
    ]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_is_imported_as_it_is(tmp_path: Path, form: str) -> None:
    text = run("export", "--format", form)
    count = ModelPrice.objects.count()
    file = a_file(tmp_path, text, f"prices.{form}")
    assert run("import", file) == f"0 added, 0 changed, {count} were there already\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("openai,new,2026-11-01,,-1,2", "openai new from 2026-11-01: The price of input is neg"),
        ("openai,new,2026-11-01,,1,150000", "above 10,000 USD"),
        ("openai,new,2026-11-01,2026-10-31,1,2", "before it begins"),
        ("OpenAI,new,2026-11-01,,1,2", "lower case"),
        ("local,new,2026-11-01,,1,2", "costs nothing"),
        ("openai,new,2026-11-01,,1,2\nopenai,new,2026-11-01,,1,3", "two prices from this day"),
        (
            "openai,new,2026-11-01,2026-11-30,1,2\nopenai,new,2026-11-30,,1,3",
            "openai new from 2026-11-30: The price from 2026-11-01 holds until 2026-11-30",
        ),
        ("openai,gpt-4o,2024-01-01,2024-10-01,1,2", "openai gpt-4o from 2024-10-01"),
    ],
)
def test_prices_that_cannot_stand_are_refused_by_name_and_nothing_is_imported(
    tmp_path: Path, rows: str, said: str
) -> None:
    before = list(ModelPrice.objects.values())
    good = "anthropic,fine,2026-11-01,,1,2\n"
    with pytest.raises(CommandError, match=said):
        run("import", a_file(tmp_path, HEAD + good + rows + "\n"))
    assert list(ModelPrice.objects.values()) == before
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [["import", "missing.csv"], ["import", "prices.txt"], ["list", "--at", "soon"]],
)
def test_the_command_explains_bad_input(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


def test_the_list_is_narrowed_to_models_and_to_a_day() -> None:
    set_prices([a_price(), a_price(since=date(2026, 12, 1), cached_rate=10**8)], at=now())
    assert [line.split()[2] for line in run("list", "--model", "new").splitlines()[1:]] == [
        "2026-12-01",
        "2026-11-01",
    ]
    (line,) = run("list", "--model", "new", "--at", "2026-11-30").splitlines()[1:]
    assert line.split() == ["openai", "new", "2026-11-01", "-", "1", "2", *"-----"]


def test_a_price_of_long_prompts_stands_beside_that_of_all(tmp_path: Path) -> None:
    head = HEAD.replace("output", "output,prompts_above")
    both = head + "openai,new,2026-11-01,,1,2,\nopenai,new,2026-11-01,,2,3,200000\n"
    assert run("import", a_file(tmp_path, both)).startswith("2 added")
    listed = run("list", "--model", "new", "--at", "2026-11-01").splitlines()[1:]
    assert [line.split()[-1] for line in listed] == ["-", "200000"]
    tariff = price_of(provider="openai", model="new", on=DAY)
    assert tariff is not None
    assert tariff.cost(Usage(prompt_tokens=200_001, completion_tokens=0)) == 200_001 * 2000
    with pytest.raises(CommandError, match="no price for shorter prompts"):
        run("import", a_file(tmp_path, head + "openai,other,2026-11-01,,2,3,200000\n"))


def test_the_database_holds_what_the_service_checks() -> None:
    with pytest.raises(DatabaseError):
        ModelPrice.objects.create(
            provider="openai", model="new", since=DAY, input_rate=-1, output_rate=1
        )


def test_the_applications_role_reads_prices_and_changes_none() -> None:
    with no_scope():
        assert ModelPrice.objects.exists()
        with pytest.raises(DatabaseError):
            ModelPrice.objects.update(input_rate=0)


def test_two_imports_at_once_leave_one_price(tmp_path: Path) -> None:
    def one(rate: int) -> None:
        with brief_connection():
            set_prices([a_price(input_rate=rate)], at=now())

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(one, rate))
        for rate in range(1, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = ModelPrice.objects.get(model="new")
    assert price_of_row(row).input_rate in range(1, 6)


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Table:
    """What is read, and how often."""

    def __init__(self) -> None:
        self.rate = 1
        self.reads = 0
        self.is_away = False
        self.was_read = threading.Event()

    def __call__(self) -> PriceList:
        self.reads += 1
        self.was_read.set()
        if self.is_away:
            raise DatabaseError("away")
        return PriceList([a_price(input_rate=self.rate)])


def rate_in(known: PriceList) -> int:
    found = known.find(provider="openai", model="new", on=DAY)
    assert found is not None
    return found.prices[0].input_rate


def test_a_fresh_list_answers_without_reading() -> None:
    table, clock = Table(), Clock()
    followed = FollowedPrices(table, clock)
    for _ in range(3):
        assert rate_in(followed.list()) == 1
    assert table.reads == 1


def test_an_older_list_answers_at_once_and_is_read_again_meanwhile() -> None:
    table, clock = Table(), Clock()
    followed = FollowedPrices(table, clock)
    followed.list()
    table.rate = 2
    table.was_read.clear()
    clock.seconds += READ_AGAIN_SECONDS
    assert rate_in(followed.list()) in (1, 2)
    assert table.was_read.wait(5)


def test_a_list_that_is_too_old_waits_for_the_new_one() -> None:
    table, clock = Table(), Clock()
    followed = FollowedPrices(table, clock)
    followed.list()
    table.rate = 2
    clock.seconds += TOO_OLD_SECONDS
    assert rate_in(followed.list()) == 2


def test_a_database_that_is_away_leaves_the_last_prices() -> None:
    table, clock = Table(), Clock()
    followed = FollowedPrices(table, clock)
    followed.list()
    table.is_away = True
    clock.seconds += 3600
    assert rate_in(followed.list()) == 1


def test_without_any_list_nothing_is_said_of_a_price() -> None:
    table, clock = Table(), Clock()
    table.is_away = True
    followed = FollowedPrices(table, clock)
    for _ in range(3):
        with pytest.raises(PricesUnavailable):
            followed.list()
    assert table.reads == 1
    table.is_away = False
    clock.seconds += QUIET_SECONDS
    assert rate_in(followed.list()) == 1


def test_a_database_that_hangs_is_waited_for_once() -> None:
    answer = threading.Event()

    def hang() -> PriceList:
        answer.wait(30)
        return PriceList([a_price()])

    followed = FollowedPrices(hang, Clock())
    began = time.monotonic()
    for _ in range(50):
        with pytest.raises(PricesUnavailable):
            followed.list()
    assert time.monotonic() - began < 25 * FIRST_PATIENCE_SECONDS
    answer.set()


def test_a_change_is_found_by_the_next_question_after_it_is_too_old() -> None:
    clock = Clock()
    followed = FollowedPrices(monotonic=clock)
    assert followed.list().find(provider="openai", model="new", on=DAY) is None
    set_prices([a_price()], at=now())
    clock.seconds += TOO_OLD_SECONDS
    assert rate_in(followed.list()) == 10**9
