"""Tenants in the admin."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from agentplatform.core.clock import now
from agentplatform.core.money import parse_usd
from apps.tenants.models import Account, AuditEntry, Tenant, User
from apps.tenants.services.authenticate_key import authenticate_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.open_account import open_month_accounts

pytestmark = pytest.mark.django_db
admin.autodiscover()
KEY = re.compile(r"ap_[a-z0-9]{8}_[A-Za-z0-9]{40}")


def form_of(**changes):
    return {
        "name": "Acme",
        "slug": "acme",
        "token_budget_monthly": "1000",
        "usd_budget_monthly": "",
        "soft_limit_ratio": "0.8",
        "budget_thresholds": "",
        "time_zone": "UTC",
        "retention_days": "",
    } | changes


def test_a_tenants_user_stays_outside(client, tenant):
    user = create_user(tenant_id=tenant.id, email="a@x.org", role="admin", at=now())
    user.set_password("correct horse battery")
    user.save()
    client.post(
        reverse("admin:login"), {"username": "a@x.org", "password": "correct horse battery"}
    )
    assert client.get(reverse("admin:index")).status_code == 302


def test_budgets_are_edited_in_tokens_and_usd_and_bind_at_once(send, see, tenant):
    open_month_accounts(tenant_id=tenant.id, at=now())
    form = form_of(token_budget_monthly="2500", usd_budget_monthly="12.5")
    assert send("tenant_change", tenant.id, **form).status_code == 302
    tenant.refresh_from_db()
    assert tenant.usd_budget_monthly_nanos == 12_500_000_000
    limits = dict(Account.objects.values_list("unit", "hard_limit"))
    assert limits == {"tokens": 2500, "nanos": 12_500_000_000}
    assert 'value="12.5"' in see("tenant_change", tenant.id)


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
        {"retention_days": "0"},
        {"retention_days": "36501"},
        {"retention_days": "a week"},
        {"name": "A\0"},
        {"slug": "taken"},
        {"slug": "no slug"},
    ],
)
def test_a_wrong_tenant_form_is_explained_and_changes_nothing(send, tenant, changes):
    create_tenant(name="Other", slug="taken", at=now())
    before, entries = Tenant.objects.values().get(pk=tenant.pk), AuditEntry.objects.count()
    form = form_of(token_budget_monthly="7", name="Renamed") | changes
    assert send("tenant_change", tenant.id, **form).status_code == 200
    assert Tenant.objects.values().get(pk=tenant.pk) == before
    assert AuditEntry.objects.count() == entries


def test_only_what_the_form_changed_is_written(send, tenant):
    """A form that was opened before the tenant was suspended does not resume it."""
    Tenant.objects.filter(pk=tenant.pk).update(status="suspended", allows_provisioning=False)
    send("tenant_change", tenant.id, **form_of(name="Acme Ltd", status="active"))
    tenant.refresh_from_db()
    assert (tenant.name, tenant.status) == ("Acme Ltd", "suspended")


@pytest.mark.parametrize("usd", ["", "120", "0.50", "0"])
def test_a_form_without_changes_is_not_audited(send, see, tenant, usd):
    Tenant.objects.update(usd_budget_monthly_nanos=parse_usd(usd) if usd else None)
    entries = AuditEntry.objects.count()
    form = form_of(usd_budget_monthly=usd)
    assert send("tenant_change", tenant.id, **form).status_code == 302
    assert AuditEntry.objects.count() == entries


def test_a_new_tenant_has_the_budgets_of_the_form(send):
    form = {"name": "New", "slug": "new", "token_budget_monthly": "5", "usd_budget_monthly": "0.5"}
    assert send("tenant_add", **form).status_code == 302
    tenant = Tenant.objects.get(slug="new")
    assert (tenant.token_budget_monthly, tenant.usd_budget_monthly_nanos) == (5, 500_000_000)


def test_the_first_admin_of_a_new_tenant_gets_a_key_that_is_shown_once(send, see):
    page = send("tenant_add", name="New", slug="new", admin_email="Boss@New.org")
    (secret,) = set(KEY.findall(page.content.decode()))
    assert authenticate_key(raw=secret, at=now())[0].rights >= {"read", "run", "admin"}
    assert User.objects.get(email="boss@new.org").role == "admin"
    assert secret not in see("tenant_changelist") + see("apikey_changelist")
    assert "no-store" in page["Cache-Control"]


def test_a_new_tenant_with_a_taken_slug_is_refused_whole(send, tenant):
    page = send("tenant_add", name="Acme", slug="acme", admin_email="boss@acme.org")
    assert "There is a tenant with this slug already." in page.content.decode()
    assert (Tenant.objects.count(), User.objects.filter(is_staff=False).count()) == (1, 0)


def test_what_a_service_refuses_undoes_what_others_did_before_it(send):
    entries = AuditEntry.objects.count()
    email = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org"
    page = send("tenant_add", name="New", slug="new", admin_email=email)
    assert "at most 254 characters" in page.content.decode()
    assert not Tenant.objects.exists()
    assert AuditEntry.objects.count() == entries


def test_a_deleted_tenants_slug_is_free_and_its_page_is_to_look_at(send, see, tenant):
    Tenant.objects.filter(pk=tenant.pk).update(status="deleted")
    assert send("tenant_add", name="Acme", slug="acme").status_code == 302
    assert 'name="slug"' not in see("tenant_change", tenant.id)
    assert send("tenant_change", tenant.id, **form_of(name="Zombie")).status_code == 403


def test_a_tenants_page_leads_to_all_it_has(see, tenant):
    page = see("tenant_change", tenant.id)
    for model in ("tenants/user", "tenants/apikey", "tenants/auditentry", "runs/run"):
        assert f"/admin/{model}/?tenant__id__exact={tenant.id}" in page
