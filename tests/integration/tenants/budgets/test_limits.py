"""Limits of users, keys and runs: what is booked where, and who is refused."""

import threading
from contextvars import copy_context
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.tenancy import ADMIN
from apps.tenants.contracts import EACH_RUN, BudgetOwner
from apps.tenants.models import Account, Budget
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.member_budget import remove_member_budget, set_member_budget
from apps.tenants.services.rotate_api_key import rotate_api_key
from tests.accounts import spending_accounts
from tests.integration.tenants.budgets.spender import NOVEMBER, Work, admit, finish

pytestmark = pytest.mark.django_db


def test_a_call_counts_for_tenant_user_key_and_run() -> None:
    work = Work()
    assert work.use(30, nanos=7) == ""
    assert [work.used(kind) for kind in ("tenant", "user", "key", "run")] == [30] * 4
    assert [work.used(kind, "nanos") for kind in ("tenant", "user", "key")] == [7] * 3


def test_open_accounts_are_found_in_one_query(django_assert_num_queries: Any) -> None:
    work = Work()
    child = work.start(parent=work.start(parent=work.run_id))
    spending_accounts(tenant_id=work.tenant.id, run_id=child, at=NOVEMBER)
    with django_assert_num_queries(1, connection=connections[ADMIN]):
        found = spending_accounts(tenant_id=work.tenant.id, run_id=child, at=NOVEMBER)
    assert sorted(one.kind for one in found) == sorted(["tenant", "user", "key"] * 2 + ["run"] * 3)
    assert [one.account_id for one in found] == sorted(one.account_id for one in found)


def test_a_run_without_user_and_key_counts_for_the_tenant_alone() -> None:
    work = Work()
    run_id = work.start(by=False)
    assert work.use(5, run_id=run_id) == ""
    assert [work.used(kind) for kind in ("tenant", "user", "key")] == [5, 0, 0]


def test_a_child_run_counts_for_who_started_its_parent() -> None:
    work = Work()
    work.limit(work.key, tokens=8)
    child = work.start(parent=work.run_id, by=False)
    assert work.use(5, run_id=child) == ""
    assert work.use(5, run_id=child) == "key"


@pytest.mark.parametrize("whose", ["user", "key"])
def test_a_member_stops_at_its_limit_while_the_tenant_has_room(whose: str) -> None:
    work = Work(token_budget=1000)
    work.limit(getattr(work, whose), tokens=50)
    assert [work.use(30), work.use(30), work.use(20)] == ["", whose, ""]
    work.limit(getattr(work, whose), nanos=10)
    assert [work.use(1, nanos=11), work.use(1, nanos=10)] == [whose, ""]


def test_a_limit_set_in_the_middle_of_a_month_counts_what_was_used_before() -> None:
    work = Work()
    assert work.use(90) == ""
    work.limit(work.user, tokens=100)
    assert [work.use(11), work.use(10)] == ["user", ""]


def test_a_limit_below_the_use_admits_nothing_and_lets_settle_what_runs() -> None:
    work = Work()
    running = work.wish(60)
    assert admit(running) == [None]
    work.limit(work.key, tokens=10)
    assert work.use(1) == "key"
    finish(running, tokens=55)
    assert work.used("key") == 55
    remove_member_budget(tenant_id=work.tenant.id, owner=work.key, at=NOVEMBER)
    assert work.use(1) == ""


def test_limits_that_change_while_calls_race_are_never_passed() -> None:
    work = Work()
    work.limit(work.user, tokens=400)
    wishes = [work.wish(10) for _ in range(100)]
    stop = threading.Event()

    def change() -> None:
        with brief_connection():
            for limit in [400, 300] * 200:
                work.limit(work.user, tokens=limit)
                if stop.is_set():
                    return

    changing = threading.Thread(target=copy_context().run, args=(change,))
    changing.start()
    try:
        answers = admit(*wishes)
    finally:
        stop.set()
        changing.join()
    admitted = [wish for wish, answer in zip(wishes, answers, strict=True) if answer is None]
    assert 30 <= len(admitted) <= 40
    for wish in admitted:
        finish(wish, tokens=10)
    account = Account.objects.get(kind="user", unit="tokens")
    assert (account.posted, account.reserved) == (10 * len(admitted), 0)


def test_each_run_has_the_tenants_limits_of_runs_and_its_own() -> None:
    work = Work()
    work.limit(EACH_RUN, tokens=50, nanos=100)
    wide, narrow = work.start(limit=1000), work.start(limit=20)
    assert [work.use(51, run_id=wide), work.use(50, nanos=1, run_id=wide)] == ["run", ""]
    assert [work.use(21, run_id=narrow), work.use(20, nanos=101, run_id=narrow)] == ["run"] * 2
    assert work.use(10**6, run_id=work.run_id) == "", "runs of before keep what they have"
    remove_member_budget(tenant_id=work.tenant.id, owner=EACH_RUN, at=NOVEMBER)
    assert work.use(10**6, run_id=work.start()) == ""


def test_a_key_hands_its_limits_to_its_successor() -> None:
    work = Work()
    work.limit(work.key, tokens=50, nanos=9)
    new = rotate_api_key(tenant_id=work.tenant.id, api_key_id=work.key_id, at=now())
    budget = Budget.objects.get(api_key_id=new.api_key_id)
    assert (budget.token_limit, budget.usd_limit_nanos) == (50, 9)


@pytest.mark.parametrize("limit", [-1, 10**18 + 1])
def test_a_limit_that_is_none_is_refused(limit: int) -> None:
    work = Work()
    with pytest.raises(InvalidInput):
        work.limit(work.user, tokens=limit)
    with pytest.raises(InvalidInput):
        work.limit(work.user, nanos=limit)


def test_nobody_limits_what_is_not_theirs() -> None:
    work, other = Work(), create_tenant(name="Other", at=now())
    for owner in (work.user, work.key, BudgetOwner(user_id=uuid4())):
        with pytest.raises(NotFound):
            set_member_budget(
                tenant_id=other.id, owner=owner, token_limit=1, usd_limit_nanos=None, at=now()
            )
