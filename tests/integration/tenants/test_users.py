"""Users of a tenant: what they may do changes, and an admin stays."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict, NotFound
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.models import AuditEntry, User
from apps.tenants.services.change_user import change_user
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return create_tenant(name="Acme", at=now())


def make(tenant, email, role="admin"):
    return create_user(tenant_id=tenant.id, email=email, role=role, at=now())


def entries(user):
    return list(AuditEntry.objects.filter(action="user.changed", target_id=user.id).order_by("id"))


def test_a_change_is_written_down_with_what_it_was_before(tenant):
    user = make(tenant, "ann@example.org", "viewer")
    change_user(tenant_id=tenant.id, user_id=user.id, role="member", at=now())
    (entry,) = entries(user)
    assert (entry.before, entry.after) == ({"role": "viewer"}, {"role": "member"})
    user.refresh_from_db()
    assert user.role == "member"


def test_what_changes_nothing_is_not_written_down(tenant):
    user = make(tenant, "ann@example.org", "viewer")
    change_user(tenant_id=tenant.id, user_id=user.id, role="viewer", is_active=True, at=now())
    assert not entries(user)


@pytest.mark.parametrize("change", [{"role": "member"}, {"is_active": False}])
def test_the_last_active_admin_stays(tenant, change):
    admin = make(tenant, "ann@example.org")
    other = make(tenant, "bob@example.org")
    change_user(tenant_id=tenant.id, user_id=other.id, is_active=False, at=now())
    with pytest.raises(Conflict, match="last active admin"):
        change_user(tenant_id=tenant.id, user_id=admin.id, at=now(), **change)
    admin.refresh_from_db()
    assert (admin.role, admin.is_active) == ("admin", True)
    assert not entries(admin)


def test_an_admin_may_go_once_there_is_another(tenant):
    admin = make(tenant, "ann@example.org")
    make(tenant, "bob@example.org")
    change_user(tenant_id=tenant.id, user_id=admin.id, is_active=False, role="viewer", at=now())
    assert not User.objects.get(pk=admin.id).is_active


def test_an_inactive_admin_may_be_demoted(tenant):
    make(tenant, "ann@example.org")
    other = make(tenant, "bob@example.org")
    change_user(tenant_id=tenant.id, user_id=other.id, is_active=False, at=now())
    assert (
        change_user(tenant_id=tenant.id, user_id=other.id, role="viewer", at=now()).role == "viewer"
    )


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"is_active": False}])
def test_two_admins_cannot_demote_each_other(tenant, change):
    admins = [make(tenant, f"{name}@example.org") for name in ("ann", "bob", "cem", "dee")]
    start = Barrier(len(admins))

    def demote(user):
        start.wait(timeout=30)
        try:
            with tenant_scope(tenant.id):
                change_user(tenant_id=tenant.id, user_id=user.id, at=now(), **change)
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(admins)) as pool:
        asked = [pool.submit(copy_context().run, demote, user) for user in admins]
        done = [one.result(timeout=60) for one in asked]
    assert sorted(done) == [False, True, True, True]
    assert User.objects.filter(tenant=tenant, role="admin", is_active=True).count() == 1


def test_a_user_of_another_tenant_is_no_user(tenant):
    other = create_tenant(name="Other", at=now())
    user = make(other, "ann@example.org")
    with pytest.raises(NotFound, match=str(user.id)):
        change_user(tenant_id=tenant.id, user_id=user.id, role="viewer", at=now())
    with pytest.raises(NotFound):
        change_user(tenant_id=tenant.id, user_id=uuid4(), role="viewer", at=now())
