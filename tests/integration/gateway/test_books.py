"""Admissions and endings that are booked together."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from agentplatform.core.clock import now
from agentplatform.core.ids import new_id
from agentplatform.core.postgresql.group_commit import connect
from apps.gateway.contracts import Usage
from apps.gateway.models import LlmEvent
from apps.gateway.services.attempt import Attempt, CallOwner
from apps.gateway.services.books import Books
from apps.gateway.services.endings import Ending
from apps.gateway.services.spacing import Spacing
from apps.gateway.states import ATTEMPT_SUCCESS
from apps.tenants.contracts import Admission, BookingUnavailable
from apps.tenants.facade import budget_use
from apps.tenants.models import Reservation, Tenant
from tests.accounts import spending_accounts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(name="Acme", slug="acme", token_budget_monthly=1000)


def admission(tenant: Tenant, *, tokens: int) -> Admission:
    (account,) = (
        one
        for one in spending_accounts(tenant_id=tenant.id, run_id=None, at=now())
        if one.unit == "tokens"
    )
    return Admission(
        attempt_id=new_id(),
        tenant_id=tenant.id,
        call_id=uuid4(),
        run_id=None,
        lines=((account.account_id, tokens),),
        tokens=tokens,
        cost_nanos=0,
        deadline=now() + timedelta(seconds=60),
        memo={"provider": "ok", "model": 'a "quoted" \\ name, {with} braces'},
    )


def ending(held: Admission, *, tokens: int) -> Ending:
    attempt = Attempt(
        attempt_id=held.attempt_id,
        provider="openai",
        model="ok",
        status=ATTEMPT_SUCCESS,
        charged=Usage(prompt_tokens=tokens, completion_tokens=0),
        cost_nanos=0,
        is_confirmed=True,
        latency_ms=1,
        previous_provider="",
    )
    assert held.call_id is not None
    owner = CallOwner(call_id=held.call_id, tenant_id=held.tenant_id)
    return Ending(owner=owner, attempt=attempt, at=now())


def test_a_call_may_have_the_room_that_another_frees_in_its_batch(tenant: Tenant) -> None:
    first, second = admission(tenant, tokens=1000), admission(tenant, tokens=900)

    async def book() -> list[Any]:
        books = Books()
        try:
            assert await books.admit(first, at=now()) is None
            assert await books.admit(second, at=now()) is not None
            return await asyncio.gather(
                books.admit(second, at=now()), books.write(ending(first, tokens=10))
            )
        finally:
            await books.close()

    assert asyncio.run(book()) == [None, False]
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_used == 10
    assert LlmEvent.objects.get().attempt_id == first.attempt_id
    assert Reservation.objects.get().memo == second.memo


def test_an_ending_that_may_wait_is_written_when_caught_up_with_or_when_who_waits_is_cancelled(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.gateway.services.books.GATHER_SECONDS", 3600.0)
    first, second = admission(tenant, tokens=1000), admission(tenant, tokens=900)

    async def book() -> None:
        books = Books()
        try:
            assert await books.admit(first, at=now()) is None
            waiting = asyncio.create_task(books.write_later(ending(first, tokens=10)))
            assert await books.admit(second, at=now()) is not None
            await books.catch_up(at=now())
            assert await books.admit(second, at=now()) is None
            await waiting
            leaving = asyncio.create_task(books.write_later(ending(second, tokens=20)))
            await asyncio.sleep(0)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
        finally:
            await books.close()

    asyncio.run(book())
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_used == 30
    assert not Reservation.objects.exists()


class _Far(Spacing):
    """The next call is always an hour away."""

    def __init__(self) -> None:
        super().__init__()
        self.is_had = asyncio.Event()

    def wait_seconds(self, at: float) -> float:
        self.is_had.set()
        return 3600.0


@pytest.mark.parametrize("spacing", [None, _Far()], ids=["while it is asked", "once it is had"])
def test_who_is_cancelled_before_its_call_goes_on_gives_its_room_back(
    tenant: Tenant, spacing: _Far | None
) -> None:
    first, second = admission(tenant, tokens=1000), admission(tenant, tokens=900)
    books, others = Books(spacing=spacing), Books()

    async def book() -> None:
        try:
            leaving = asyncio.create_task(books.admit(first, at=now()))
            await (spacing.is_had.wait() if spacing else asyncio.sleep(0))
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            while await others.admit(second, at=now()) is not None:
                assert leaving.cancelled()
        finally:
            await books.close()
            await others.close()

    asyncio.run(book())


def test_with_the_database_away_a_call_is_refused_at_once_and_an_ending_waits(
    tenant: Tenant,
) -> None:
    held, later = admission(tenant, tokens=100), admission(tenant, tokens=100)
    is_away = False

    async def connect_if_there() -> psycopg.AsyncConnection[Any]:
        if is_away:
            raise psycopg.OperationalError("connection refused")
        return await connect()

    async def book() -> None:
        nonlocal is_away
        books = Books(connect_if_there)
        try:
            await books.admit(held, at=now())
            await books.close()
            is_away = True
            writing = asyncio.create_task(books.write(ending(held, tokens=10)))
            with pytest.raises(BookingUnavailable):
                await books.admit(later, at=now())
            assert not writing.done()
            is_away = False
            await writing
        finally:
            await books.close()

    asyncio.run(book())
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_used == 10
