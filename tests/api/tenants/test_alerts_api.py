"""A tenant's own alerts."""

from datetime import timedelta

from agentplatform.core.clock import now
from apps.tenants.contracts import NewAlert
from apps.tenants.models import Account, Alert
from apps.tenants.services.open_account import open_month_accounts
from apps.tenants.services.raise_alert import raise_alert
from apps.tenants.services.watch_budgets import watch_budgets

URL = "/api/v1/alerts"


def failed(tenant_id, *, number=0, at=None):
    details = {
        "model": "default",
        "attempts": [{"provider": "openai", "model": "gpt-4o", "error_code": "timeout"}],
    }
    alert = NewAlert(
        kind="providers_failed",
        subject=f"model-{number}",
        once_per=f"{number}",
        tenant_id=tenant_id,
        details=details,
    )
    raise_alert(alert, at=at or now())


def test_an_alert_says_whose_budget_of_which_month(admin, house):
    user_id = house.limited_user()
    open_month_accounts(tenant_id=house.tenant.id, user_id=user_id, at=now())
    Account.objects.filter(owner_id=user_id, unit="nanos").update(posted=6)
    watch_budgets(at=now())
    (shown,) = admin.get(URL).json()["results"]
    month = now().date().replace(day=1).isoformat()
    assert shown["kind"] == "budget_threshold"
    assert shown["subject"] == f"user:{user_id}"
    assert shown["details"] == {
        "owner": "user",
        "owner_id": str(user_id),
        "unit": "usd",
        "month": month,
        "threshold": 0.8,
        "used": "0.000000006",
        "limit": "0.000000007",
    }
    assert shown["message"] == (
        f"80% of the user's budget of {month[:7]}: 0.000000006 of 0.000000007 USD used."
    )


def test_calls_that_nobody_answered_are_told_with_who_was_asked(admin, house):
    failed(house.tenant.id)
    (shown,) = admin.get(URL).json()["results"]
    assert shown["message"] == ("No provider answered a call of default: openai:gpt-4o (timeout).")


def test_alerts_are_filtered_and_paged(admin, house):
    for number in range(5):
        failed(house.tenant.id, number=number, at=now() - timedelta(days=number))
    names = [one["subject"] for one in admin.get(URL).json()["results"]]
    assert names == [f"model-{number}" for number in (4, 3, 2, 1, 0)]
    page = admin.get(f"{URL}?page_size=2").json()
    assert [one["subject"] for one in page["results"]] == names[:2]
    page = admin.get(page["next"]).json()
    assert [one["subject"] for one in page["results"]] == names[2:4]
    since = (now() - timedelta(days=1.5)).isoformat()
    recent = admin.get(URL, {"since": since}).json()["results"]
    assert {one["subject"] for one in recent} == {"model-0", "model-1"}
    assert len(admin.get(URL, {"subject": "model-3"}).json()["results"]) == 1
    assert admin.get(URL, {"kind": "breaker_open"}).json()["results"] == []
    assert admin.get(URL, {"kind": "nonsense"}).status_code == 422


def test_the_platforms_alerts_are_shown_to_no_tenant(admin, house):
    failed(None)
    assert Alert.objects.count() == 1
    assert admin.get(URL).json()["results"] == []
