"""A tenant is suspended, resumed and deleted, and the audit says by whom."""

from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.delete_tenant import delete_tenant
from apps.tenants.services.resume_tenant import resume_tenant
from apps.tenants.services.suspend_tenant import suspend_tenant


@pytest.fixture
def acme(db: None) -> Tenant:
    return create_tenant(name="Acme", at=now())


def status(tenant: Tenant) -> str:
    return Tenant.objects.values_list("status", flat=True).get(id=tenant.id)


def told(tenant: Tenant) -> list[tuple[str, str, str]]:
    entries = AuditEntry.objects.filter(tenant=tenant).exclude(action="tenant.created")
    return [(one.action, one.before["status"], one.after["status"]) for one in entries]


def test_a_suspended_tenant_can_be_resumed(acme: Tenant) -> None:
    suspend_tenant(tenant_id=acme.id, at=now())
    assert status(acme) == "suspended"
    resume_tenant(tenant_id=acme.id, at=now())
    assert status(acme) == "active"
    assert told(acme) == [
        ("tenant.resumed", "suspended", "active"),
        ("tenant.suspended", "active", "suspended"),
    ]


def test_the_reason_is_kept(acme: Tenant) -> None:
    suspend_tenant(tenant_id=acme.id, at=now(), reason="unpaid")
    assert AuditEntry.objects.get(action="tenant.suspended").after["reason"] == "unpaid"


def test_a_second_time_changes_nothing(acme: Tenant) -> None:
    resume_tenant(tenant_id=acme.id, at=now())
    for _ in range(2):
        suspend_tenant(tenant_id=acme.id, at=now())
    for _ in range(2):
        delete_tenant(tenant_id=acme.id, confirm_slug="acme", at=now())
    assert len(told(acme)) == 2


def test_a_deleted_tenant_never_comes_back(acme: Tenant) -> None:
    delete_tenant(tenant_id=acme.id, confirm_slug="acme", at=now())
    for change in (suspend_tenant, resume_tenant):
        with pytest.raises(Conflict, match="acme is deleted and cannot become"):
            change(tenant_id=acme.id, at=now())
    assert status(acme) == "deleted"


@pytest.mark.parametrize("typed", ["", "Acme", "acme ", "another"])
def test_deleting_takes_the_slug(acme: Tenant, typed: str) -> None:
    with pytest.raises(InvalidInput, match="Type the slug"):
        delete_tenant(tenant_id=acme.id, confirm_slug=typed, at=now())
    assert (status(acme), told(acme)) == ("active", [])


def test_the_slug_of_a_deleted_tenant_is_free(acme: Tenant) -> None:
    with pytest.raises(Conflict):
        create_tenant(name="Acme", at=now())
    delete_tenant(tenant_id=acme.id, confirm_slug="acme", at=now())
    again = create_tenant(name="Acme", at=now())
    assert (again.slug, status(acme), status(again)) == ("acme", "deleted", "active")


def test_a_missing_tenant_is_not_found(db: None) -> None:
    for change in (suspend_tenant, resume_tenant):
        with pytest.raises(NotFound):
            change(tenant_id=uuid4(), at=now())
    with pytest.raises(NotFound):
        delete_tenant(tenant_id=uuid4(), confirm_slug="", at=now())
