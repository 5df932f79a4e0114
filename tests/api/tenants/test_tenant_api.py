"""/api/v1/tenant and /api/v1/me: the requester's own."""

import pytest

from agentplatform.core.clock import now
from apps.tenants.models import Account
from apps.tenants.services.open_account import open_month_accounts
from apps.tenants.services.set_budget import set_budget

URL = "/api/v1/tenant"


def test_a_tenant_sees_its_budgets_and_what_is_used(house):
    set_budget(tenant_id=house.tenant.id, token_limit=500, usd_limit_nanos=2 * 10**9, at=now())
    open_month_accounts(tenant_id=house.tenant.id, at=now())
    rows = Account.objects.filter(tenant=house.tenant)
    rows.filter(unit="tokens").update(posted=120, reserved=30)
    rows.filter(unit="nanos").update(posted=10**9)
    shown = house.client_of("viewer").get(URL).json()
    assert (shown["id"], shown["slug"], shown["status"]) == (
        str(house.tenant.id),
        house.tenant.slug,
        "active",
    )
    assert shown["budget"] == {
        "tokens": {"used": 120, "reserved": 30, "limit": 500},
        "usd": {"used": "1.000000000", "reserved": "0.000000000", "limit": "2.000000000"},
    }


def test_no_limit_is_null(admin):
    budget = admin.get(URL).json()["budget"]
    assert (budget["tokens"]["limit"], budget["usd"]["limit"]) == (None, None)


def test_an_admin_changes_what_a_tenant_decides(admin, house):
    changes = {"name": "New", "retention_days": 30, "allows_provisioning": True}
    shown = admin.patch(URL, changes).json()
    assert {name: shown[name] for name in changes} == changes
    assert admin.get(URL).json() == shown
    assert admin.patch(URL, {"retention_days": None}).json()["retention_days"] is None
    house.tenant.refresh_from_db()
    assert (house.tenant.name, house.tenant.retention_days) == ("New", None)


@pytest.mark.parametrize(
    "body",
    [
        {"slug": "mine"},
        {"status": "deleted"},
        {"token_budget_monthly": 10**9},
        {"budget": {}},
        {"id": "01a210f9-2232-75c5-b155-b8fb265fb6ee"},
        {"name": ""},
        {"name": "  "},
        {"name": "n" * 201},
        {"name": None},
        {"name": "a\x00b"},
        {"retention_days": 0},
        {"retention_days": 36_501},
        {"retention_days": 10**30},
        {"retention_days": "soon"},
        {"allows_provisioning": "perhaps"},
        {"allows_provisioning": []},
        [],
        "name",
    ],
    ids=repr,
)
def test_nothing_else_of_a_tenant_can_be_set(admin, house, body):
    answer = admin.patch(URL, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.content
    before = (house.tenant.name, house.tenant.slug, house.tenant.retention_days)
    house.tenant.refresh_from_db()
    assert (house.tenant.name, house.tenant.slug, house.tenant.retention_days) == before


def test_a_key_says_whose_it_is_and_what_it_may(house):
    user_id = house.user("member")
    client = house.client_with(["read", "admin"], user_id=user_id)
    me = client.get("/api/v1/me").json()
    assert me["tenant"]["slug"] == house.tenant.slug
    assert (me["user"]["id"], me["user"]["role"]) == (str(user_id), "member")
    assert me["api_key"]["prefix"] == client.key.prefix
    assert me["rights"] == ["read"]


def test_a_key_of_nobody_says_so(house):
    me = house.client_with(["gateway"]).get("/api/v1/me").json()
    assert (me["user"], me["rights"]) == (None, ["gateway"])
