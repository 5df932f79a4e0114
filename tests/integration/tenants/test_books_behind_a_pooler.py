"""Admission through a transaction pooler that has one connection to the server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from agentplatform.core.clock import now
from apps.gateway.services.books import Books
from apps.tenants.contracts import Admission
from apps.tenants.facade import budget_use
from apps.tenants.models import Tenant
from tests.accounts import spending_accounts
from tests.pooler import StartPooler

pytestmark = pytest.mark.django_db(transaction=True)

BOOKS = 8
EACH = 25
TOKENS = 10

Connect = Callable[[], Awaitable[psycopg.AsyncConnection[Any]]]


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(name="Acme", slug="acme", token_budget_monthly=1000)


@pytest.fixture
def connect(start_pooler: StartPooler) -> Connect:
    """A connection to the test database through the pooler."""
    at = {name: quote(str(value), "") for name, value in connection.settings_dict.items()}
    login = f"{at['USER']}:{at['PASSWORD']}"
    url = start_pooler(f"postgresql://{login}@{at['HOST']}:{at['PORT']}/{at['NAME']}", pool_size=1)

    async def connect() -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(url, autocommit=True)

    return connect


def make_admissions(tenant: Tenant, count: int) -> list[Admission]:
    accounts = spending_accounts(tenant_id=tenant.id, run_id=None, at=now())
    amounts = {"tokens": TOKENS, "nanos": 0}
    return [
        Admission(
            attempt_id=uuid4(),
            tenant_id=tenant.id,
            call_id=uuid4(),
            run_id=None,
            lines=tuple((one.account_id, amounts[one.unit]) for one in accounts),
            tokens=TOKENS,
            cost_nanos=0,
            deadline=now() + timedelta(seconds=60),
            memo={},
        )
        for _ in range(count)
    ]


async def admit_one_by_one(connect: Connect, admissions: list[Admission]) -> list[int | None]:
    books = Books(connect)
    try:
        return [await books.admit(one, at=now()) for one in admissions]
    finally:
        await books.close()


async def admit_together(connect: Connect, admissions: list[Admission]) -> list[int | None]:
    books = Books(connect)
    try:
        return await asyncio.gather(*(books.admit(one, at=now()) for one in admissions))
    finally:
        await books.close()


@pytest.mark.parametrize("admit", [admit_one_by_one, admit_together])
def test_many_books_over_one_connection_admit_what_the_budget_allows_and_no_more(
    tenant: Tenant,
    connect: Connect,
    admit: Callable[[Connect, list[Admission]], Awaitable[list[int | None]]],
) -> None:
    shares = [make_admissions(tenant, EACH) for _ in range(BOOKS)]

    async def admit_all() -> list[list[int | None]]:
        return await asyncio.gather(*(admit(connect, share) for share in shares))

    refusals = [one for share in asyncio.run(admit_all()) for one in share]
    assert (len(refusals), refusals.count(None)) == (BOOKS * EACH, 1000 // TOKENS)
    assert budget_use(tenant_id=tenant.id, at=now()).tokens_reserved == 1000
