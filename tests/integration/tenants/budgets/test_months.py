"""Months: in whose time zone, with which limits, and what happens between two."""

from datetime import timedelta

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import InvalidInput
from apps.tenants.facade import budget_use
from apps.tenants.models import Account
from apps.tenants.services.change_tenant import change_tenant
from apps.tenants.services.set_budget import set_budget
from tests.integration.tenants.budgets.spender import NOVEMBER, Work, admit, at_once, finish, month

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("name", ["Mars/Olympus", "europe/berlin", "", "UTC+1", "../UTC"])
def test_a_time_zone_that_nobody_knows_is_refused(name: str) -> None:
    work = Work()
    with pytest.raises(InvalidInput, match="time zone"):
        change_tenant(tenant_id=work.tenant.id, changes={"time_zone": name}, at=now())


def test_a_tenants_limit_of_before_is_not_lost_by_a_month_that_opens_meanwhile() -> None:
    work = Work()
    set_budget(tenant_id=work.tenant.id, token_limit=10, usd_limit_nanos=None, at=NOVEMBER)
    december = NOVEMBER + timedelta(days=30)
    assert work.use(11, at=december) == "tenant"
