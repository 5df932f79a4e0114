"""Suspending, resuming and deleting tenants in the admin."""

import pytest

from agentplatform.core.clock import now
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.services.create_tenant import create_tenant
from tests.integration.tenants.life.whole_tenant import whole_tenant

pytestmark = pytest.mark.django_db
OFFERS = {
    "active": {"suspend", "delete-for-good"},
    "suspended": {"resume", "delete-for-good"},
    "deleted": set(),
}
YES = {"confirmed": "yes"}


@pytest.fixture
def status(tenant):
    return lambda: Tenant.objects.get(pk=tenant.pk).status


@pytest.mark.parametrize("state", OFFERS)
def test_a_tenant_is_offered_what_may_follow(see, tenant, state):
    Tenant.objects.filter(pk=tenant.pk).update(status=state)
    page = see("tenant_change", tenant.id)
    offered = {name for names in OFFERS.values() for name in names if f"/{name}/" in page}
    assert offered == OFFERS[state]


def test_suspending_and_resuming_ask_first(send, see, tenant, status):
    assert "Suspend acme?" in see("tenant_suspend", tenant.id)
    send("tenant_suspend", tenant.id)
    assert status() == "active"
    assert send("tenant_suspend", tenant.id, **YES, reason="unpaid").status_code == 302
    assert status() == "suspended"
    assert AuditEntry.objects.get(action="tenant.suspended").after["reason"] == "unpaid"
    assert "Resume acme?" in see("tenant_resume", tenant.id)
    send("tenant_resume", tenant.id, **YES)
    assert status() == "active"


def test_the_question_says_what_runs_and_what_a_purge_takes(see, tmp_path, settings):
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})
    whole = whole_tenant()
    page = see("tenant_delete_for_good", whole.id)
    assert "What runs is cancelled: runs: 1" in page
    assert "runs: 2" in page
    assert "api keys: 1" in page
    assert "the ledger (1 entries)" in page
    assert "runs: 1" in see("tenant_suspend", whole.id)


@pytest.mark.parametrize("typed", [None, "", "Acme", "other"])
def test_deleting_asks_for_the_slug(send, tenant, status, typed):
    create_tenant(name="Other", at=now())
    form = YES if typed is None else {**YES, "typed": typed}
    page = send("tenant_delete_for_good", tenant.id, **form)
    assert page.status_code == 200
    assert status() == "active"


def test_who_types_the_slug_deletes(send, see, tenant, status):
    send("tenant_delete_for_good", tenant.id, **YES, typed="acme")
    assert status() == "deleted"
    assert "acme is deleted." in see("tenant_change", tenant.id)


@pytest.mark.parametrize("view", ["tenant_suspend", "tenant_resume"])
def test_a_deleted_tenant_never_comes_back(send, tenant, status, view):
    Tenant.objects.filter(pk=tenant.pk).update(status="deleted")
    page = send(view, tenant.id, **YES)
    assert "cannot become" in page.content.decode()
    assert status() == "deleted"
