"""Whatever is admitted, settled and expired in whatever order: no limit passed, no charge lost."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextvars import copy_context
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.transactions import transaction
from apps.gateway.services.books import Books
from apps.tenants.contracts import Admission, Settlement
from apps.tenants.facade import (
    expire_reservations,
    open_run_account,
    set_budget,
    settle,
)
from apps.tenants.models import Account, LedgerEntry, Reservation, Tenant
from tests.accounts import spending_accounts

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS, NANOS, RUN = 1000, 5000, 700


class Bank:
    """A tenant with limits, a run of it, and a loop that books for whoever asks."""

    def __init__(self) -> None:
        self.tenant = Tenant.objects.create(
            name="Acme",
            slug=f"acme-{uuid4().hex[:12]}",
            token_budget_monthly=TOKENS,
            usd_budget_monthly_nanos=NANOS,
        )
        self.run_id = uuid4()
        with transaction():
            open_run_account(tenant_id=self.tenant.id, run_id=self.run_id, token_limit=RUN)
        self.accounts = spending_accounts(tenant_id=self.tenant.id, run_id=self.run_id, at=now())
        self.books = Books()

    async def admit(
        self, tokens: int, nanos: int, *, is_overdue: bool = False, books: Books | None = None
    ) -> UUID | None:
        amounts = {"tokens": tokens, "nanos": nanos}
        at = now()
        admission = Admission(
            attempt_id=uuid4(),
            tenant_id=self.tenant.id,
            call_id=None,
            run_id=self.run_id,
            lines=tuple((one.account_id, amounts[one.unit]) for one in self.accounts),
            tokens=tokens,
            cost_nanos=nanos,
            deadline=at + timedelta(seconds=-1 if is_overdue else 600),
        )
        refused = await (books or self.books).admit(admission, at=at)
        return None if refused else admission.attempt_id

    def settle(self, attempt_id: UUID, tokens: int | None, nanos: int | None) -> None:
        settlement = Settlement(attempt_id=attempt_id, tokens=tokens, cost_nanos=nanos)
        with transaction():
            settle(settlements=[settlement], at=now())

    def expire(self) -> None:
        with transaction():
            expire_reservations(at=now(), limit=100)

    def check(self) -> None:
        """Within every limit; reserved and posted are the sums of their rows."""
        mine = {"tenant_id": self.tenant.id}
        entries = list(LedgerEntry.objects.filter(**mine))
        posted = {
            "tokens": sum(one.tokens for one in entries),
            "nanos": sum(one.cost_nanos or 0 for one in entries),
        }
        held: dict[int, int] = {}
        for row in Reservation.objects.filter(**mine):
            for account_id, amount in zip(row.account_ids, row.amounts, strict=True):
                held[account_id] = held.get(account_id, 0) + amount
        for account in Account.objects.filter(**mine):
            assert account.posted + account.reserved <= (account.hard_limit or 0)
            assert account.posted == posted[account.unit]
            assert account.reserved == held.get(account.id, 0)


@pytest.fixture
def books_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), st.integers(0, 900), st.integers(0, 4000)),
        st.tuples(st.just("admit overdue"), st.integers(0, 400), st.integers(0, 2000)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("settle at held"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("expire"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ACTIONS)
def test_every_history_keeps_the_books(
    books_loop: asyncio.AbstractEventLoop, history: list[tuple[str, int, int]]
) -> None:
    bank = Bank()
    attempts: list[tuple[UUID, int, int]] = []
    for action, first, second in history:
        if action.startswith("admit"):
            admitted = books_loop.run_until_complete(
                bank.admit(first, second, is_overdue=action.endswith("overdue"))
            )
            if admitted:
                attempts.append((admitted, first, second))
        elif action == "expire":
            bank.expire()
        elif attempts:
            attempt_id, tokens, nanos = attempts[first % len(attempts)]
            if action == "settle":
                bank.settle(attempt_id, tokens * second // 100, nanos * second // 100)
            else:
                bank.settle(attempt_id, None, None)
        bank.check()
    books_loop.run_until_complete(bank.books.close())


def test_eight_threads_on_one_account_never_pass_its_limit() -> None:
    bank = Bank()
    errors: list[BaseException] = []

    def run(seed: int) -> None:
        try:
            asyncio.run(_trade(bank, random.Random(seed)))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=copy_context().run, args=(run, seed)) for seed in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for account in Account.objects.filter(tenant=bank.tenant):
            assert account.posted + account.reserved <= (account.hard_limit or 0)
    assert errors == []
    bank.check()


async def _trade(bank: Bank, luck: random.Random) -> None:
    """Admit; settle most, forget some; let overdue ones expire."""
    books = Books()
    for _ in range(25):
        tokens = luck.randint(1, 120)
        is_overdue = luck.random() < 0.1
        attempt_id = await bank.admit(tokens, tokens * 3, is_overdue=is_overdue, books=books)
        if attempt_id and luck.random() < 0.8:
            used = luck.randint(0, max(1, tokens // 20))
            await asyncio.to_thread(_settle_briefly, bank, attempt_id, used)
        if luck.random() < 0.1:
            await asyncio.to_thread(_expire_briefly, bank)
    await books.close()


def test_a_limit_that_changes_meanwhile_is_kept_too() -> None:
    bank = Bank()
    done = threading.Event()

    def shake() -> None:
        with brief_connection():
            while not done.is_set():
                for limit in (TOKENS, 300):
                    set_budget(
                        tenant_id=bank.tenant.id,
                        token_limit=limit,
                        usd_limit_nanos=NANOS,
                        at=now(),
                    )

    async def book() -> int:
        admitted = 0
        for _ in range(200):
            admitted += bool(await bank.admit(50, 0))
        await bank.books.close()
        return admitted

    thread = threading.Thread(target=copy_context().run, args=(shake,))
    thread.start()
    admitted = asyncio.run(book())
    done.set()
    thread.join()
    reserved = Account.objects.get(tenant=bank.tenant, kind="tenant", unit="tokens").reserved
    assert admitted * 50 == reserved == RUN


def _settle_briefly(bank: Bank, attempt_id: UUID, used: int) -> None:
    with brief_connection():
        bank.settle(attempt_id, used, used * 3)


def _expire_briefly(bank: Bank) -> None:
    with brief_connection():
        bank.expire()
