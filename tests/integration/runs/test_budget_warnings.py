"""A run's own budget is warned of at each threshold, once, in its timeline and by an alert."""

from datetime import timedelta
from typing import Any

import pytest

from agentplatform.core.clock import now
from apps.runs.models import Run, RunEvent
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.watch_budgets import watch_budgets
from apps.tenants.models import Account, Alert, Budget, Tenant
from tests.integration.runs.conftest import RunMaker

pytestmark = pytest.mark.django_db(transaction=True)
STEPS: list[dict[str, Any]] = [{"name": "say", "kind": "llm", "prompt": "Hello."}]


@pytest.fixture
def run(make_run: RunMaker) -> Run:
    return started(make_run(STEPS, token_budget=100))


def started(run: Run) -> Run:
    advance_run(run_id=run.id, at=now())
    return run


def use(run: Run, amount: int, unit: str = "tokens") -> None:
    Account.objects.filter(kind="run", owner_id=run.id, unit=unit).update(posted=amount)


def warnings(run: Run) -> list[dict[str, Any]]:
    events = RunEvent.objects.filter(run=run, kind="budget.warning").order_by("seq")
    return list(events.values_list("data", flat=True))


def alerts() -> list[tuple[str, str, float]]:
    rows = Alert.objects.order_by("id")
    return [(one.kind, one.subject, one.details["threshold"]) for one in rows]


def test_each_threshold_is_told_once(run: Run, tenant: Tenant) -> None:
    Tenant.objects.filter(id=tenant.id).update(budget_thresholds=[0.5])
    use(run, 49)
    assert watch_budgets(at=now()) == 0
    use(run, 85)
    assert [watch_budgets(at=now()), watch_budgets(at=now())] == [2, 0]
    use(run, 100)
    assert [watch_budgets(at=now()), watch_budgets(at=now())] == [1, 0]
    assert warnings(run) == [
        {"unit": "tokens", "threshold": share, "used": used, "limit": "100"}
        for share, used in ((0.5, "85"), (0.8, "85"), (1.0, "100"))
    ]
    subject = f"run:{run.id}"
    assert alerts() == [
        ("budget_threshold", subject, 0.5),
        ("budget_threshold", subject, 0.8),
        ("budget_exceeded", subject, 1.0),
    ]


def test_what_each_run_may_use_in_usd_is_warned_of(make_run: RunMaker, tenant: Tenant) -> None:
    Budget.objects.create(tenant=tenant, usd_limit_nanos=10**9, changed_at=now())
    run = started(make_run(STEPS))
    use(run, 8 * 10**8, "nanos")
    assert watch_budgets(at=now()) == 1
    assert warnings(run) == [
        {"unit": "usd", "threshold": 0.8, "used": "0.800000000", "limit": "1.000000000"}
    ]


def test_a_run_that_has_just_ended_has_the_alert_and_no_event_after_its_end(run: Run) -> None:
    use(run, 90)
    cancel_run(run_id=run.id, at=now())
    assert watch_budgets(at=now()) == 1
    assert warnings(run) == []
    assert alerts() == [("budget_threshold", f"run:{run.id}", 0.8)]


def test_a_run_that_ended_long_ago_is_not_looked_at(run: Run) -> None:
    use(run, 90)
    cancel_run(run_id=run.id, at=now())
    assert watch_budgets(at=now() + timedelta(minutes=2)) == 0


def test_a_run_without_a_limit_is_not_warned_of(make_run: RunMaker) -> None:
    run = started(make_run(STEPS))
    use(run, 10**9)
    assert watch_budgets(at=now()) == 0
