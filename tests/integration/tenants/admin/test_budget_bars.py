"""The use of budgets, as bars."""

import re

import pytest

from agentplatform.core.clock import now
from agentplatform.core.money import parse_usd
from apps.tenants.models import Account, Tenant
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.open_account import open_month_accounts

pytestmark = pytest.mark.django_db


def use(*, limit, used=0, reserved=0, unit="tokens"):
    budget = {"token_budget": limit} if unit == "tokens" else {"usd_budget_nanos": limit}
    tenant = create_tenant(name=f"Tenant {Tenant.objects.count()}", at=now(), **budget)
    open_month_accounts(tenant_id=tenant.id, at=now())
    accounts = Account.objects.filter(tenant=tenant, unit=unit)
    accounts.update(posted=used, reserved=reserved, hard_limit=None)
    return tenant


def levels(page):
    return re.findall(r'data-level="(\w+)"', page)


@pytest.mark.parametrize(
    ("amounts", "level"),
    [
        ({"limit": 100}, "calm"),
        ({"limit": 100, "used": 79}, "calm"),
        ({"limit": 100, "used": 70, "reserved": 10}, "warning"),
        ({"limit": 100, "used": 90, "reserved": 10}, "exhausted"),
        ({"limit": 100, "used": 250}, "exhausted"),
        ({"limit": 0}, "exhausted"),
        ({"limit": 2**62, "used": 2**61}, "calm"),
    ],
)
@pytest.mark.parametrize("unit", ["tokens", "nanos"])
def test_a_bar_warns_at_the_soft_limit_and_says_when_nothing_is_left(see, amounts, level, unit):
    use(**amounts, unit=unit)
    assert levels(see("tenant_changelist")) == [level]


def test_a_bar_says_used_held_limit_and_percentage(see):
    use(limit=10_000, used=6200, reserved=800)
    page = re.sub(r"<[^>]+>|\s+", " ", see("tenant_changelist"))
    assert "6,200 of 10,000 + 800 held 70 %" in re.sub(r" +", " ", page)


def test_a_bar_is_as_wide_as_its_track_at_most(see):
    use(limit=100, used=150, reserved=70)
    page = see("tenant_changelist")
    assert re.findall(r'style="width: ([\d.]+)%"', page) == ["100.00", "0.00"]


def test_small_amounts_of_usd_are_not_rounded_away(see):
    use(limit=parse_usd("12.5"), used=parse_usd("0.0042"), unit="nanos")
    assert "0.0042 of 12.50" in see("tenant_changelist")


def test_no_limit_is_said_and_has_no_bar(see):
    use(limit=None, used=5)
    page = see("tenant_changelist")
    assert page.count("no limit") == 2
    assert levels(page) == []


def test_a_list_of_tenants_takes_as_many_queries_as_one(see, staff, django_assert_max_num_queries):
    for _ in range(8):
        use(limit=100, used=1)
    with django_assert_max_num_queries(9, connection=_admin_connection()):
        see("tenant_changelist")


def _admin_connection():
    from django.db import connections

    return connections["admin"]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("exhausted", ["tenant-2"]),
        ("short", ["tenant-1"]),
        ("unlimited", ["tenant-3"]),
        ("nonsense", ["tenant-0", "tenant-1", "tenant-2", "tenant-3"]),
    ],
)
def test_tenants_are_found_by_what_is_left(see, chosen, found):
    use(limit=100, used=79)
    use(limit=parse_usd("1"), used=parse_usd("0.8"), unit="nanos")
    use(limit=100, used=40, reserved=60)
    use(limit=None, used=10**9)
    page = see("tenant_changelist", budget=chosen)
    assert sorted(set(re.findall(r">(tenant-\d)<", page))) == found
