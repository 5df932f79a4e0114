"""Accounts, reservations and the ledger: what `book` promises."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command

from agentplatform.core.clock import now
from agentplatform.core.postgresql.group_commit import connect
from agentplatform.core.transactions import transaction
from apps.gateway.services.books import Books
from apps.tenants.contracts import Admission, BookingUnavailable, Settlement
from apps.tenants.facade import (
    budget_use,
    expire_reservations,
    open_run_account,
    set_budget,
    settle,
)
from apps.tenants.models import Account, LedgerEntry, Reservation, Tenant
from tests.accounts import spending_accounts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(
        name="Acme", slug="acme", token_budget_monthly=1000, usd_budget_monthly_nanos=5000
    )


def admission(
    tenant: Tenant, *, tokens: int, nanos: int = 0, run_id: UUID | None = None, seconds: int = 60
) -> Admission:
    accounts = spending_accounts(tenant_id=tenant.id, run_id=run_id, at=now())
    amounts = {"tokens": tokens, "nanos": nanos}
    return Admission(
        attempt_id=uuid4(),
        tenant_id=tenant.id,
        call_id=uuid4(),
        run_id=run_id,
        lines=tuple((one.account_id, amounts[one.unit]) for one in accounts),
        tokens=tokens,
        cost_nanos=nanos,
        deadline=now() + timedelta(seconds=seconds),
        memo={"provider": "ok"},
    )


def admit(*admissions: Admission) -> list[int | None]:
    async def book() -> list[int | None]:
        books = Books()
        try:
            return await asyncio.gather(*(books.admit(one, at=now()) for one in admissions))
        finally:
            await books.close()

    return asyncio.run(book())


def settle_now(*settlements: Settlement) -> None:
    with transaction():
        settle(settlements=settlements, at=now())


def test_accounts_open_on_first_use_with_the_tenants_limits(tenant: Tenant) -> None:
    accounts = spending_accounts(tenant_id=tenant.id, run_id=None, at=now())
    assert [(one.unit, one.hard_limit, one.room) for one in accounts] == [
        ("tokens", 1000, 1000),
        ("nanos", 5000, 5000),
    ]
    assert spending_accounts(tenant_id=tenant.id, run_id=None, at=now()) == accounts


def test_an_admission_holds_its_amounts_until_it_is_settled(tenant: Tenant) -> None:
    held = admission(tenant, tokens=600, nanos=300)
    assert admit(held) == [None]
    use = budget_use(tenant_id=tenant.id, at=now())
    assert (use.tokens_reserved, use.cost_reserved_nanos, use.tokens_used) == (600, 300, 0)
    settle_now(Settlement(attempt_id=held.attempt_id, tokens=100, cost_nanos=50))
    use = budget_use(tenant_id=tenant.id, at=now())
    assert (use.tokens_reserved, use.tokens_used, use.cost_nanos) == (0, 100, 50)
    entry = LedgerEntry.objects.get()
    assert (entry.tokens, entry.cost_nanos, entry.reserved_tokens, entry.is_confirmed) == (
        100,
        50,
        600,
        True,
    )


def test_settling_twice_charges_once(tenant: Tenant) -> None:
    held = admission(tenant, tokens=600)
    admit(held)
    for _ in range(2):
        settle_now(Settlement(attempt_id=held.attempt_id, tokens=100, cost_nanos=0))
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_used == 100
    assert LedgerEntry.objects.count() == 1


def test_admitting_twice_holds_once(tenant: Tenant) -> None:
    held = admission(tenant, tokens=600)
    assert admit(held) == [None]
    assert admit(held) == [None]
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_reserved == 600


def test_a_full_account_refuses_and_is_named(tenant: Tenant) -> None:
    accounts = spending_accounts(tenant_id=tenant.id, run_id=None, at=now())
    first, second, dear = (
        admission(tenant, tokens=700),
        admission(tenant, tokens=700),
        admission(tenant, tokens=1, nanos=5001),
    )
    assert admit(first, second, dear) == [None, accounts[0].account_id, accounts[1].account_id]
    assert Reservation.objects.count() == 1


def test_a_refused_admission_leaves_no_trace_on_its_other_accounts(tenant: Tenant) -> None:
    run_id = uuid4()
    with transaction():
        open_run_account(tenant_id=tenant.id, run_id=run_id, token_limit=50)
    assert admit(admission(tenant, tokens=51, run_id=run_id)) == [
        Account.objects.get(kind="run").id
    ]
    assert not Account.objects.filter(reserved__gt=0).exists()


def test_a_released_attempt_costs_nothing_and_has_no_entry(tenant: Tenant) -> None:
    held = admission(tenant, tokens=600)
    admit(held)
    settle_now(Settlement(attempt_id=held.attempt_id, tokens=0, cost_nanos=0))
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_reserved == 0
    assert not LedgerEntry.objects.exists()


def test_an_overdue_reservation_becomes_an_unconfirmed_entry_at_the_reserved_amount(
    tenant: Tenant,
) -> None:
    overdue, live = (
        admission(tenant, tokens=300, nanos=7, seconds=-1),
        admission(tenant, tokens=200),
    )
    admit(overdue, live)
    with transaction():
        (expired,) = expire_reservations(at=now(), limit=10)
    assert (expired.attempt_id, expired.memo) == (overdue.attempt_id, {"provider": "ok"})
    entry = LedgerEntry.objects.get()
    assert (entry.tokens, entry.cost_nanos, entry.is_confirmed) == (300, 7, False)
    use = budget_use(tenant_id=tenant.id, at=now())
    assert (use.tokens_used, use.tokens_reserved) == (300, 200)
    with transaction():
        assert expire_reservations(at=now(), limit=10) == ()


def test_a_settlement_after_expiry_changes_nothing(tenant: Tenant) -> None:
    held = admission(tenant, tokens=300, seconds=-1)
    admit(held)
    with transaction():
        expire_reservations(at=now(), limit=10)
    settle_now(Settlement(attempt_id=held.attempt_id, tokens=10, cost_nanos=0))
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_used == 300


def test_a_settlement_that_rolls_back_keeps_the_reservation(tenant: Tenant) -> None:
    held = admission(tenant, tokens=300)
    admit(held)

    def settle_and_fail() -> None:
        with transaction():
            settle(
                settlements=[Settlement(attempt_id=held.attempt_id, tokens=10, cost_nanos=0)],
                at=now(),
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settle_and_fail()
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_reserved == 300


def test_a_limit_below_the_use_admits_nothing_and_lets_settle_what_runs(tenant: Tenant) -> None:
    held = admission(tenant, tokens=300)
    admit(held)
    set_budget(tenant_id=tenant.id, token_limit=100, usd_limit_nanos=None, at=now())
    assert admit(admission(tenant, tokens=1)) != [None]
    settle_now(Settlement(attempt_id=held.attempt_id, tokens=250, cost_nanos=0))
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_used == 250


def test_books_reconnect_after_their_connection_is_lost(tenant: Tenant) -> None:
    async def book() -> list[int | None]:
        books = Books()
        first = await books.admit(admission_one, at=now())
        admin = await connect()
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'group commit' and pid <> pg_backend_pid()"
        )
        await admin.close()
        second = await books.admit(admission_two, at=now())
        await books.close()
        return [first, second]

    admission_one, admission_two = admission(tenant, tokens=1), admission(tenant, tokens=1)
    assert asyncio.run(book()) == [None, None]


def test_books_say_so_when_the_database_is_away(tenant: Tenant) -> None:
    async def refuse() -> psycopg.AsyncConnection[object]:
        raise psycopg.OperationalError("connection refused")

    async def book() -> None:
        await Books(refuse).admit(held, at=now())

    held = admission(tenant, tokens=1)
    with pytest.raises(BookingUnavailable):
        asyncio.run(book())


class _Deaf(psycopg.AsyncConnection[object]):
    """Carries out the first statement, and loses the answer with the connection."""

    async def wait(self, *arguments: Any, **more: Any) -> Any:
        await super().wait(*arguments, **more)
        await self.close()
        raise psycopg.OperationalError("the answer is lost")


def test_what_was_held_is_given_back_when_the_answer_is_lost_and_the_database_away(
    tenant: Tenant,
) -> None:
    async def reach() -> psycopg.AsyncConnection[object]:
        tries.append(len(tries))
        if len(tries) > 2:
            return await connect()
        if len(tries) == 2:
            assert await asyncio.to_thread(Reservation.objects.count) == 1
            raise psycopg.OperationalError("connection refused")
        found = await connect()
        found.__class__ = _Deaf
        return found

    async def book() -> None:
        books = Books(reach)
        with pytest.raises(BookingUnavailable):
            await books.admit(held, at=now())
        async with asyncio.timeout(10):
            while len(tries) < 3 or await asyncio.to_thread(Reservation.objects.count):
                await asyncio.sleep(0.01)
        await books.close()

    tries: list[int] = []
    held = admission(tenant, tokens=100)
    asyncio.run(book())
    use = budget_use(tenant_id=tenant.id, at=now())
    assert (use.tokens_reserved, use.tokens_used) == (0, 0)
    assert not LedgerEntry.objects.exists()


def test_set_budget_command_changes_the_named_limit_only(tenant: Tenant) -> None:
    spending_accounts(tenant_id=tenant.id, run_id=None, at=now())
    call_command("set_budget", "acme", "--usd", "0.5")
    tenant.refresh_from_db()
    assert (tenant.token_budget_monthly, tenant.usd_budget_monthly_nanos) == (1000, 500_000_000)
    assert Account.objects.get(unit="nanos").hard_limit == 500_000_000
    call_command("set_budget", "acme", "--tokens", "none")
    assert Account.objects.get(unit="tokens").hard_limit is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody", "--tokens", "1"],
        ["acme"],
        ["acme", "--tokens", "many"],
        ["acme", "--tokens", "-1"],
    ],
)
def test_set_budget_command_explains_bad_input(tenant: Tenant, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("set_budget", *arguments)
