"""/api/v1/budgets: what admins allow users, keys and runs."""

import pytest

from agentplatform.core.clock import now
from apps.runs.models import Run
from apps.tenants.models import Account
from apps.tenants.services.open_account import open_month_accounts

URL = "/api/v1/budgets"


def test_a_users_budget_is_set_shown_with_its_use_changed_and_lifted(admin, house):
    user_id = house.user()
    url = f"{URL}/users/{user_id}"
    assert admin.get(url).status_code == 404
    made = admin.put(url, {"token_limit": 500, "usd_limit": "2.50"}, format="json")
    assert made.status_code == 201
    open_month_accounts(tenant_id=house.tenant.id, user_id=user_id, at=now())
    rows = Account.objects.filter(owner_id=user_id)
    rows.filter(unit="tokens").update(posted=120, reserved=30)
    rows.filter(unit="nanos").update(posted=10**9)
    shown = admin.get(url).json()
    assert shown.pop("changed_at")
    assert shown == {
        "owner": "user",
        "user_id": str(user_id),
        "api_key_id": None,
        "tokens": {"used": 120, "reserved": 30, "limit": 500},
        "usd": {"used": "1.000000000", "reserved": "0.000000000", "limit": "2.500000000"},
    }
    changed = admin.put(url, {"token_limit": None, "usd_limit": None}, format="json")
    assert (changed.status_code, changed.json()["tokens"]["limit"]) == (200, None)
    assert admin.delete(url).status_code == 204
    assert admin.delete(url).status_code == 404
    assert rows.get(unit="tokens").hard_limit is None


def test_the_list_holds_every_owner_newest_first(admin, house):
    house.limited_user()
    house.limited_api_key()
    house.limit_each_run()
    results = admin.get(URL).json()["results"]
    assert [one["owner"] for one in results] == ["each_run", "api_key", "user"]
    page = admin.get(URL, {"page_size": 2}).json()
    assert len(page["results"]) == 2
    assert len(admin.get(page["next"]).json()["results"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "token_limit"),
        ({"token_limit": -1, "usd_limit": None}, "token_limit"),
        ({"token_limit": 2**63, "usd_limit": None}, "token_limit"),
        ({"token_limit": "many", "usd_limit": None}, "token_limit"),
        ({"token_limit": 1, "usd_limit": "-0.5"}, "usd_limit"),
        ({"token_limit": 1, "usd_limit": "NaN"}, "usd_limit"),
        ({"token_limit": 1, "usd_limit": "0.0000000001"}, "usd_limit"),
        ({"token_limit": 1, "usd_limit": None, "user_id": "x"}, "user_id"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_its_field(admin, house, body, field):
    answer = admin.put(f"{URL}/users/{house.user()}", body, format="json")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


def test_a_run_counts_for_the_key_and_the_user_that_start_it(house):
    user_id = house.user("member")
    client = house.client_with(["run", "read"], user_id=user_id)
    run_id = client.post("/api/v1/runs", {"task_id": str(house.task())}, format="json").json()["id"]
    account = Account.objects.get(kind="run", owner_id=run_id)
    assert (account.user_id, account.api_key_id) == (user_id, client.key.api_key_id)


def test_a_run_that_is_retried_counts_for_who_retries_it(house):
    run_id = house.failed_run()
    client = house.client_with(["run", "read"])
    made = client.post(f"/api/v1/runs/{run_id}/retry")
    assert made.status_code == 201
    account = Account.objects.get(kind="run", owner_id=made.json()["id"])
    assert (account.user_id, account.api_key_id) == (None, client.key.api_key_id)
    assert Run.objects.filter(id=made.json()["id"]).exists()


def test_an_admin_chooses_months_and_warnings(admin):
    changes = {"time_zone": "Europe/Berlin", "budget_thresholds": [0.5, 0.95]}
    shown = admin.patch("/api/v1/tenant", changes, format="json").json()
    assert {name: shown[name] for name in changes} == changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "Mars"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"budget_thresholds": [0]}, "budget_thresholds"),
        ({"budget_thresholds": [1.5]}, "budget_thresholds"),
        ({"budget_thresholds": [0.5] * 11}, "budget_thresholds"),
        ({"budget_thresholds": ["half"]}, "budget_thresholds.0"),
    ],
)
def test_months_and_warnings_that_are_none_are_refused(admin, changes, field):
    answer = admin.patch("/api/v1/tenant", changes, format="json")
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
