"""Budgets of users, keys and runs: what is booked where, by which month, and who is warned."""

import asyncio
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.errors import InvalidInput, NotFound
from agentplatform.core.tenancy import ADMIN
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import EACH_RUN, Admission, BudgetOwner, Settlement
from apps.tenants.facade import Books, budget_use, open_run_account, settle, spending_accounts
from apps.tenants.models import Account, ApiKey, Budget, BudgetAlert, Tenant
from apps.tenants.services.change_tenant import change_tenant
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.member_budget import remove_member_budget, set_member_budget
from apps.tenants.services.rotate_api_key import rotate_api_key
from apps.tenants.services.set_budget import set_budget
from apps.tenants.services.watch_budgets import watch_budgets

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Work:
    """A tenant with a user, a key of the user and a run that was started with it."""

    def __init__(self, **limits: Any) -> None:
        self.tenant: Tenant = create_tenant(name="Acme", at=now(), **limits)
        self.user_id = create_user(tenant_id=self.tenant.id, email="a@acme.org", at=now()).id
        self.key_id = create_api_key(
            tenant_id=self.tenant.id, name="ci", user_id=self.user_id, at=now()
        ).api_key_id
        self.run_id = self.start()

    def start(
        self, *, limit: int | None = None, parent: UUID | None = None, by: bool = True
    ) -> UUID:
        run_id = uuid4()
        with transaction():
            open_run_account(
                tenant_id=self.tenant.id,
                run_id=run_id,
                token_limit=limit,
                parent_run_id=parent,
                user_id=self.user_id if by else None,
                api_key_id=self.key_id if by else None,
            )
        return run_id

    @property
    def user(self) -> BudgetOwner:
        return BudgetOwner(user_id=self.user_id)

    @property
    def key(self) -> BudgetOwner:
        return BudgetOwner(api_key_id=self.key_id)

    def limit(
        self,
        owner: BudgetOwner,
        *,
        tokens: int | None = None,
        nanos: int | None = None,
        at: datetime = NOVEMBER,
    ) -> None:
        set_member_budget(
            tenant_id=self.tenant.id,
            owner=owner,
            token_limit=tokens,
            usd_limit_nanos=nanos,
            at=at,
        )

    def wish(
        self, tokens: int, *, nanos: int = 0, run_id: UUID | None = None, at: datetime = NOVEMBER
    ) -> Admission:
        accounts = spending_accounts(tenant_id=self.tenant.id, run_id=run_id or self.run_id, at=at)
        amounts = {"tokens": tokens, "nanos": nanos}
        return Admission(
            attempt_id=uuid4(),
            tenant_id=self.tenant.id,
            call_id=uuid4(),
            run_id=run_id or self.run_id,
            lines=tuple((one.account_id, amounts[one.unit]) for one in accounts),
            tokens=tokens,
            cost_nanos=nanos,
            deadline=at + timedelta(minutes=5),
        )

    def use(self, tokens: int, *, nanos: int = 0, at: datetime = NOVEMBER, **more: Any) -> str:
        """The kind of account that refuses; "" when the call was made and settled."""
        wish = self.wish(tokens, nanos=nanos, at=at, **more)
        (refusal,) = admit(wish, at=at)
        if refusal is not None:
            return str(Account.objects.get(id=refusal).kind)
        finish(wish, tokens=tokens, nanos=nanos, at=at)
        return ""

    def used(self, kind: str, unit: str = "tokens", **more: Any) -> int:
        rows = Account.objects.filter(tenant=self.tenant, kind=kind, unit=unit, **more)
        return sum(rows.values_list("posted", flat=True))


def admit(*wishes: Admission, at: datetime = NOVEMBER) -> list[int | None]:
    async def book() -> list[int | None]:
        books = Books()
        try:
            return await asyncio.gather(*(books.admit(one, at=at) for one in wishes))
        finally:
            await books.close()

    return asyncio.run(book())


def finish(wish: Admission, *, tokens: int, nanos: int = 0, at: datetime = NOVEMBER) -> None:
    with transaction():
        settle(
            settlements=[Settlement(attempt_id=wish.attempt_id, tokens=tokens, cost_nanos=nanos)],
            at=at,
        )


def at_once(action: Callable[[], Any]) -> list[Any]:
    """What six threads get that do it together."""

    def act(_number: int) -> Any:
        with brief_connection():
            return action()

    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(copy_context().run, act, number) for number in range(6)]
        return [future.result() for future in futures]


def month(text: str) -> datetime:
    return datetime.fromisoformat(text)


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


@pytest.mark.parametrize(
    ("time_zone", "at", "period"),
    [
        ("UTC", "2026-11-30T23:30:00+00:00", "2026-11-01"),
        ("Europe/Berlin", "2026-11-30T22:59:59+00:00", "2026-11-01"),
        ("Europe/Berlin", "2026-11-30T23:00:00+00:00", "2026-12-01"),
        ("America/Los_Angeles", "2026-12-01T07:59:59+00:00", "2026-11-01"),
        ("Pacific/Kiritimati", "2026-12-31T10:00:00+00:00", "2027-01-01"),
        ("Asia/Kolkata", "2026-02-28T18:30:00+00:00", "2026-03-01"),
    ],
)
def test_months_are_those_of_the_tenants_time_zone(time_zone: str, at: str, period: str) -> None:
    work = Work(token_budget=100)
    change_tenant(tenant_id=work.tenant.id, changes={"time_zone": time_zone}, at=now())
    assert work.use(30, at=month(at)) == ""
    periods = Account.objects.filter(period__isnull=False).values_list("period", flat=True)
    assert {str(one) for one in periods} == {period}
    assert budget_use(tenant_id=work.tenant.id, at=month(at)).tokens_used == 30


def test_a_call_in_flight_at_the_end_of_a_month_is_charged_to_its_month() -> None:
    work = Work(token_budget=100)
    last, first = month("2026-11-30T23:59:59+00:00"), month("2026-12-01T00:00:00+00:00")
    running = work.wish(80, at=last)
    assert admit(running, at=last) == [None]
    assert work.use(30, at=last) == "tenant"
    assert work.use(90, at=first) == ""
    finish(running, tokens=70, at=first)
    by_month = {str(row.period): row.posted for row in Account.objects.filter(
        kind="tenant", unit="tokens"
    )}  # fmt: skip
    assert by_month == {"2026-11-01": 70, "2026-12-01": 90}
    assert not Account.objects.filter(reserved__gt=0).exists()


def test_a_new_month_opens_with_the_limits_of_now() -> None:
    work = Work()
    work.limit(work.user, tokens=50)
    assert work.use(50) == ""
    december = NOVEMBER + timedelta(days=30)
    work.limit(work.user, tokens=60)
    assert [work.use(61, at=december), work.use(60, at=december)] == ["user", ""]


def test_threads_that_open_a_month_together_open_it_once() -> None:
    work = Work()
    at_once(lambda: work.wish(1))
    assert Account.objects.filter(tenant=work.tenant, period__isnull=False).count() == 6


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


@pytest.mark.parametrize("name", ["Mars/Olympus", "europe/berlin", "", "UTC+1", "../UTC"])
def test_a_time_zone_that_nobody_knows_is_refused(name: str) -> None:
    work = Work()
    with pytest.raises(InvalidInput, match="time zone"):
        change_tenant(tenant_id=work.tenant.id, changes={"time_zone": name}, at=now())


def alerts() -> list[tuple[str, str, float]]:
    rows = BudgetAlert.objects.select_related("account").order_by("id")
    return sorted((row.account.kind, row.account.unit, row.threshold) for row in rows)


def test_each_threshold_is_said_once_a_month() -> None:
    work = Work(token_budget=100)
    change_tenant(tenant_id=work.tenant.id, changes={"budget_thresholds": [0.5]}, at=now())
    assert work.use(49) == ""
    assert watch_budgets(at=NOVEMBER) == 0
    assert work.use(1) == ""
    assert [watch_budgets(at=NOVEMBER), watch_budgets(at=NOVEMBER)] == [1, 0]
    assert work.use(50) == ""
    assert [watch_budgets(at=NOVEMBER), watch_budgets(at=NOVEMBER)] == [2, 0]
    assert alerts() == [("tenant", "tokens", share) for share in (0.5, 0.8, 1.0)]
    december = NOVEMBER + timedelta(days=30)
    assert watch_budgets(at=december) == 0
    assert work.use(80, at=december) == ""
    assert watch_budgets(at=december) == 2


def test_a_limit_that_is_lowered_to_what_is_used_is_warned_of() -> None:
    work = Work()
    assert work.use(40, nanos=90) == ""
    assert watch_budgets(at=NOVEMBER) == 0
    work.limit(work.user, nanos=100)
    work.limit(work.key, tokens=200)
    assert watch_budgets(at=NOVEMBER) == 1
    assert alerts() == [("user", "nanos", 0.8)]


def test_what_is_held_is_not_warned_of_and_a_limit_of_nothing_neither() -> None:
    work = Work(token_budget=100, usd_budget_nanos=0)
    assert admit(work.wish(90)) == [None]
    assert watch_budgets(at=NOVEMBER) == 0


def test_watchers_at_once_say_it_once() -> None:
    work = Work(token_budget=100)
    assert work.use(85) == ""
    assert sorted(at_once(lambda: watch_budgets(at=NOVEMBER))) == [0, 0, 0, 0, 0, 1]


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("set_budget", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_limits_users_keys_and_runs() -> None:
    work = Work()
    prefix = ApiKey.objects.get(id=work.key_id).prefix
    assert command("acme", "--user", "A@acme.org", "--tokens", "5") == (
        "acme A@acme.org: 5 tokens, no limit a month\n"
    )
    command("acme", "--user", "a@acme.org", "--usd", "0.5")
    command("acme", "--key", prefix, "--usd", "2")
    command("acme", "--each-run", "--tokens", "9")
    limits = {str(one): (one.token_limit, one.usd_limit_nanos) for one in Budget.objects.all()}
    assert sorted(limits.values(), key=str) == [
        (5, 500_000_000),
        (9, None),
        (None, 2_000_000_000),
    ]
    command("acme", "--user", "a@acme.org", "--usd", "none", "--tokens", "none")
    assert Budget.objects.count() == 2


def test_the_command_sets_months_and_warnings() -> None:
    work = Work()
    command("acme", "--time-zone", "Europe/Berlin", "--warn-at", "0.9,0.5")
    work.tenant.refresh_from_db()
    assert (work.tenant.time_zone, work.tenant.budget_thresholds) == ("Europe/Berlin", [0.5, 0.9])
    command("acme", "--warn-at", "none")
    work.tenant.refresh_from_db()
    assert work.tenant.budget_thresholds == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--user", "nobody@acme.org", "--tokens", "1"],
        ["--key", "none", "--tokens", "1"],
        ["--user", "a@acme.org"],
        ["--user", "a@acme.org", "--each-run", "--tokens", "1"],
        ["--each-run", "--tokens", "-1"],
        ["--time-zone", "Mars"],
        ["--warn-at", "80"],
        ["--warn-at", "much"],
    ],
)
def test_the_command_explains_bad_input(arguments: list[str]) -> None:
    Work()
    with pytest.raises(CommandError):
        command("acme", *arguments)


def test_a_tenants_limit_of_before_is_not_lost_by_a_month_that_opens_meanwhile() -> None:
    work = Work()
    set_budget(tenant_id=work.tenant.id, token_limit=10, usd_limit_nanos=None, at=NOVEMBER)
    december = NOVEMBER + timedelta(days=30)
    assert work.use(11, at=december) == "tenant"
