"""Users and staff in the admin."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from agentplatform.core.clock import now
from apps.tenants.models import AuditEntry, Tenant, User
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_staff, create_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def user_of(tenant, email="a@acme.org", role="member"):
    return create_user(tenant_id=tenant.id, email=email, role=role, at=now())


def shown(page):
    (secret,) = re.findall(r'id="secret"[^>]* value="([^"]+)"', page.content.decode())
    return secret


def can_enter(email, password):
    browser = Client()
    form = {"username": email, "password": password}
    return browser.post(reverse("admin:login"), form).status_code == 302


def test_a_tenants_user_is_added_without_a_password(send, tenant):
    form = {"email": "New@Acme.org", "tenant": str(tenant.id), "role": "viewer"}
    assert send("user_add", **form).status_code == 302
    user = User.objects.get(email="new@acme.org")
    assert (user.tenant, user.role, user.has_usable_password()) == (tenant, "viewer", False)


def test_staff_are_added_with_a_password_that_is_shown_once(send, see):
    password = shown(send("user_add", email="Two@Example.org", role="member", is_staff="on"))
    assert can_enter("two@example.org", password)
    assert password not in User.objects.get(email="two@example.org").password
    assert password not in see("user_changelist")


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "", "is_staff": ""},
        {"is_staff": "on"},
        {"email": "taken@acme.org"},
        {"email": "Taken@Acme.org"},
        {"email": "no address"},
        {"email": "nul\0@acme.org"},
        {"role": "owner"},
        {"role": "staff"},
        {"tenant": "01890000-0000-7000-8000-000000000000"},
        {"tenant": "acme"},
    ],
)
def test_a_wrong_user_form_is_explained(send, tenant, changes):
    user_of(tenant, "taken@acme.org")
    form = {"email": "new@acme.org", "tenant": str(tenant.id), "role": "member"} | changes
    form = {name: value for name, value in form.items() if value}
    assert send("user_add", **form).status_code == 200
    assert User.objects.count() == 2


def test_an_address_may_be_used_in_two_tenants(send, tenant):
    user_of(create_tenant(name="Other", at=now()))
    form = {"email": "a@acme.org", "tenant": str(tenant.id), "role": "member"}
    assert send("user_add", **form).status_code == 302


def test_nobody_joins_a_deleted_tenant(send, tenant):
    Tenant.objects.filter(pk=tenant.pk).update(status="deleted")
    page = send("user_add", email="a@acme.org", tenant=str(tenant.id), role="member")
    assert "This tenant is deleted." in page.content.decode()


def test_role_and_activity_change(send, tenant):
    user_of(tenant, role="admin", email="boss@acme.org")
    user = user_of(tenant)
    assert send("user_change", user.id, role="viewer").status_code == 302
    user.refresh_from_db()
    assert (user.role, user.is_active) == ("viewer", False)


@pytest.mark.parametrize("form", [{"role": "viewer", "is_active": "on"}, {"role": "admin"}])
def test_the_last_admin_of_a_tenant_stays_one(send, tenant, form):
    user = user_of(tenant, role="admin")
    page = send("user_change", user.id, **form)
    assert page.status_code == 200
    assert "last active admin" in page.content.decode()
    user.refresh_from_db()
    assert (user.role, user.is_active) == ("admin", True)


def test_the_last_staff_stay_in(send, operator):
    page = send("user_change", operator.id)
    assert "last active member of staff" in page.content.decode()
    operator.refresh_from_db()
    assert operator.is_active


def test_deactivated_staff_are_out_at_once(send, operator):
    other = create_staff(email="two@example.org", password=PASSWORD, at=now())
    browser = Client()
    browser.force_login(other)
    assert browser.get(reverse("admin:index")).status_code == 200
    assert send("user_change", other.id).status_code == 302
    assert browser.get(reverse("admin:index")).status_code == 302


def test_who_somebody_is_cannot_be_changed(send, tenant):
    """Neither tenant, address nor being staff: an input that the form does not have is ignored."""
    other = create_tenant(name="Other", at=now())
    user = user_of(tenant)
    form = {"role": "member", "is_active": "on", "tenant": str(other.id), "email": "b@acme.org"}
    assert send("user_change", user.id, is_staff="on", is_superuser="on", **form).status_code == 302
    user.refresh_from_db()
    assert (user.tenant, user.email, user.is_staff) == (tenant, "a@acme.org", False)
    assert not user.is_superuser


def test_a_password_is_reset_after_a_question_and_ends_the_sessions(send, see, operator):
    other = create_staff(email="two@example.org", password=PASSWORD, at=now())
    browser = Client()
    browser.force_login(other)
    assert "Reset the password of two@example.org?" in see("user_reset_password", other.id)
    assert can_enter("two@example.org", PASSWORD)
    password = shown(send("user_reset_password", other.id, confirmed="yes"))
    assert can_enter("two@example.org", password)
    assert not can_enter("two@example.org", PASSWORD)
    assert browser.get(reverse("admin:index")).status_code == 302


def test_a_reset_is_audited_without_the_password(send, operator):
    password = shown(send("user_reset_password", operator.id, confirmed="yes"))
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert (entry.target_id, entry.after) == (str(operator.id), {"password": "[masked]"})
    assert password not in str(AuditEntry.objects.values_list("before", "after"))


def test_a_tenants_user_has_no_password_to_reset(staff, tenant):
    page = reverse("admin:tenants_user_reset_password", args=[user_of(tenant).id])
    assert staff.post(page, {"confirmed": "yes"}).status_code == 404


def test_staff_change_their_own_password_and_stay_signed_in(staff, operator):
    new = "another battery staple"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert staff.post(reverse("admin:password_change"), form).status_code == 302
    assert staff.get(reverse("admin:index")).status_code == 200
    assert can_enter("op@example.org", new)
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert (entry.actor_kind, entry.actor_id) == ("staff", str(operator.id))


def test_a_weak_password_of_ones_own_is_explained(staff):
    form = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert staff.post(reverse("admin:password_change"), form).status_code == 200
    assert can_enter("op@example.org", PASSWORD)
