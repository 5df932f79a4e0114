"""The admin, through its pages."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from agentplatform.core.clock import now
from apps.tenants.facade import authenticate
from apps.tenants.models import Account, ApiKey, Tenant, User
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff, create_user
from apps.tenants.services.open_account import open_tenant_accounts

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def tenant():
    return create_tenant(name="Acme", token_budget=1000, at=now())


@pytest.fixture
def staff(client, tenant):
    create_staff(email="op@example.org", password=PASSWORD, at=now())
    page = client.post(reverse("admin:login"), {"username": "Op@Example.org", "password": PASSWORD})
    assert page.status_code == 302
    return client


def tenant_form(**changes):
    return {
        "name": "Acme",
        "slug": "acme",
        "status": "active",
        "token_budget_monthly": "1000",
        "usd_budget_monthly": "",
        "soft_limit_ratio": "0.8",
        "rate_limit_per_minute": "100",
        "user_rate_limit_per_minute": "20",
    } | changes


@pytest.mark.parametrize("model", ["tenant", "user", "apikey", "account", "ledgerentry"])
def test_every_list_opens(staff, tenant, model):
    open_tenant_accounts(tenant_id=tenant.id, at=now())
    assert staff.get(reverse(f"admin:tenants_{model}_changelist")).status_code == 200


def test_a_tenants_user_stays_outside(client, tenant):
    user = create_user(tenant_id=tenant.id, email="a@x.org", role="admin", at=now())
    user.set_password(PASSWORD)
    user.save()
    client.post(reverse("admin:login"), {"username": "a@x.org", "password": PASSWORD})
    assert client.get(reverse("admin:index")).status_code == 302


def test_budgets_are_edited_in_tokens_and_usd_and_bind_at_once(staff, tenant):
    open_tenant_accounts(tenant_id=tenant.id, at=now())
    page = reverse("admin:tenants_tenant_change", args=[tenant.id])
    form = tenant_form(token_budget_monthly="2500", usd_budget_monthly="12.5")
    assert staff.post(page, form).status_code == 302
    tenant.refresh_from_db()
    assert tenant.usd_budget_monthly_nanos == 12_500_000_000
    limits = dict(Account.objects.values_list("unit", "hard_limit"))
    assert limits == {"tokens": 2500, "nanos": 12_500_000_000}
    assert 'value="12.5"' in staff.get(page).content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"token_budget_monthly": "-1"},
        {"usd_budget_monthly": "-1"},
        {"usd_budget_monthly": "NaN"},
        {"usd_budget_monthly": "1e30"},
        {"usd_budget_monthly": "0.0000000001"},
        {"soft_limit_ratio": "1.5"},
        {"token_budget_monthly": "99999999999999999999"},
        {"slug": "taken"},
        {"status": "gone"},
    ],
)
def test_a_wrong_tenant_form_is_explained(staff, tenant, changes):
    create_tenant(name="Other", slug="taken", at=now())
    page = reverse("admin:tenants_tenant_change", args=[tenant.id])
    assert staff.post(page, tenant_form(**changes)).status_code == 200
    assert Tenant.objects.get(pk=tenant.pk).token_budget_monthly == 1000


def test_a_user_is_added_with_a_hashed_password(staff, tenant):
    form = {
        "email": "New@Example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "usable_password": "true",
        "tenant": str(tenant.id),
        "role": "viewer",
    }
    assert staff.post(reverse("admin:tenants_user_add"), form).status_code == 302
    user = User.objects.get(email="new@example.org")
    assert user.check_password(PASSWORD)
    assert PASSWORD not in user.password


def add_key(staff, tenant, **changes):
    form = {"tenant": str(tenant.id), "name": "ci", "scopes": "read,run", "user": ""} | changes
    return staff.post(reverse("admin:tenants_apikey_add"), form, follow=True).content.decode()


def test_a_key_is_shown_once(staff, tenant):
    page = add_key(staff, tenant)
    (secret,) = set(re.findall(r"ap_[a-z0-9]{8}_[A-Za-z0-9]{40}", page))
    assert authenticate(raw=secret, at=now()).tenant_id == tenant.id
    again = staff.get(reverse("admin:tenants_apikey_changelist")).content.decode()
    assert secret not in again


def test_a_second_key_of_the_same_name_is_explained(staff, tenant):
    add_key(staff, tenant)
    assert "live key of this name" in add_key(staff, tenant)
    assert ApiKey.objects.count() == 1


def test_a_key_for_a_user_of_another_tenant_is_explained(staff, tenant):
    other = create_tenant(name="Other", at=now())
    user = create_user(tenant_id=other.id, email="o@x.org", at=now())
    assert "another tenant" in add_key(staff, tenant, user=str(user.id))


def test_keys_are_revoked_from_the_list(staff, tenant):
    add_key(staff, tenant)
    key = ApiKey.objects.get()
    page = reverse("admin:tenants_apikey_changelist")
    staff.post(page, {"action": "revoke", "_selected_action": [str(key.id)]})
    key.refresh_from_db()
    assert datetime.now(UTC) >= key.revoked_at
