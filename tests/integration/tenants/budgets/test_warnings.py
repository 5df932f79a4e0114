"""Warnings: once for each threshold of an account's month."""

from datetime import timedelta

import pytest

from agentplatform.core.clock import now
from apps.tenants.models import Alert
from apps.tenants.services.change_tenant import change_tenant
from apps.tenants.services.watch_budgets import watch_budgets
from tests.integration.tenants.budgets.spender import NOVEMBER, Work, admit, at_once

pytestmark = pytest.mark.django_db


def alerts() -> list[tuple[str, str, float]]:
    told = Alert.objects.values_list("details", flat=True)
    return sorted((one["owner"], one["unit"], one["threshold"]) for one in told)


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
