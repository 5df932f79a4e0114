"""API keys in the admin."""

import re
from datetime import timedelta

import pytest

from agentplatform.core.clock import now
from apps.tenants.contracts import InvalidCredentials
from apps.tenants.models import ApiKey, AuditEntry
from apps.tenants.services.authenticate_key import authenticate_key
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user

pytestmark = pytest.mark.django_db
KEY = re.compile(r"ap_[a-z0-9]{8}_[A-Za-z0-9]{40}")


@pytest.fixture
def add(send, tenant):
    def post(**changes):
        form = {"tenant": str(tenant.id), "name": "ci", "scopes": ["read", "run"], "user": ""}
        return send("apikey_add", **form | changes)

    return post


@pytest.fixture
def key(tenant):
    made = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    return ApiKey.objects.get(pk=made.api_key_id)


def secret_in(page):
    (secret,) = set(KEY.findall(page.content.decode()))
    return secret


def test_a_key_is_shown_once_and_kept_nowhere(add, see, staff, tenant):
    page = add()
    secret = secret_in(page)
    assert authenticate_key(raw=secret, at=now())[0].tenant_id == tenant.id
    assert secret not in str(page.cookies) + str(dict(staff.session))
    key = ApiKey.objects.get()
    assert secret not in see("apikey_changelist") + see("apikey_change", key.id)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "old"}, "live key named"),
        ({"name": ""}, "required"),
        ({"name": "nul\0"}, "Null characters"),
        ({"scopes": []}, "required"),
        ({"scopes": ["read", "platform"]}, "not one of the available choices"),
        ({"user": "01890000-0000-7000-8000-000000000000"}, "not one of the available choices"),
        ({"expires_at_0": "2001-01-01", "expires_at_1": "00:00"}, "Is in the past."),
        ({"expires_at_0": "soon", "expires_at_1": "00:00"}, "valid date"),
    ],
)
def test_a_wrong_key_form_is_explained(add, tenant, changes, why):
    create_api_key(tenant_id=tenant.id, name="old", at=now())
    page = add(**changes)
    assert page.status_code == 200
    assert why in page.content.decode()
    assert ApiKey.objects.count() == 1


def test_a_key_for_a_user_of_another_tenant_is_explained(add):
    other = create_tenant(name="Other", at=now())
    user = create_user(tenant_id=other.id, email="o@x.org", at=now())
    page = add(user=str(user.id)).content.decode()
    assert "The user does not belong to the tenant." in page
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_after_a_question(send, see, key):
    assert "Revoke the key" in see("apikey_revoke", key.id)
    send("apikey_revoke", key.id)
    key.refresh_from_db()
    assert key.revoked_at is None
    assert send("apikey_revoke", key.id, confirmed="yes").status_code == 302
    key.refresh_from_db()
    assert now() >= key.revoked_at
    assert "revoked" in see("apikey_change", key.id)


def test_selected_keys_are_revoked_after_a_question(send, tenant, key):
    other = create_api_key(tenant_id=tenant.id, name="cd", at=now()).api_key_id
    kept = create_api_key(tenant_id=tenant.id, name="ce", at=now()).api_key_id
    form = {"action": "revoke_selected", "_selected_action": [str(key.id), str(other)]}
    page = send("apikey_changelist", **form).content.decode()
    assert "Revoke 2 keys?" in page
    assert page.count('name="_selected_action"') == 2
    assert not ApiKey.objects.filter(revoked_at__isnull=False).exists()
    send("apikey_changelist", **form, confirmed="yes")
    assert ApiKey.objects.get(revoked_at=None).id == kept


def test_a_key_is_rotated_with_an_overlap(send, see, key):
    assert 'value="24"' in see("apikey_rotate", key.id)
    secret = secret_in(send("apikey_rotate", key.id, confirmed="yes", overlap_hours="2"))
    assert authenticate_key(raw=secret, at=now())[0].name == "ci"
    key.refresh_from_db()
    assert key.expires_at == key.rotated_at + timedelta(hours=2)


@pytest.mark.parametrize("hours", ["-1", "169", "x", "", "1e9"])
def test_a_wrong_overlap_is_explained(send, key, hours):
    assert send("apikey_rotate", key.id, confirmed="yes", overlap_hours=hours).status_code == 200
    assert ApiKey.objects.count() == 1


def test_a_revoked_key_is_not_rotated(send, key):
    send("apikey_revoke", key.id, confirmed="yes")
    page = send("apikey_rotate", key.id, confirmed="yes", overlap_hours="1")
    assert "The key was revoked." in page.content.decode()


def test_a_missing_key_is_not_found(send):
    missing = "01890000-0000-7000-8000-000000000000"
    assert send("apikey_revoke", missing, confirmed="yes").status_code == 404
    assert send("apikey_rotate", "nonsense", confirmed="yes").status_code == 404


def test_keys_are_found_by_their_state(see, tenant, key):
    at = now()
    for name, values in {
        "old": {"expires_at": at - timedelta(days=1)},
        "off": {"revoked_at": at},
        "was": {"rotated_at": at, "expires_at": at + timedelta(days=1)},
    }.items():
        made = create_api_key(tenant_id=tenant.id, name=name, at=at)
        ApiKey.objects.filter(pk=made.api_key_id).update(**values)
    for state, name in (("live", "ci"), ("expired", "old"), ("revoked", "off"), ("rotated", "was")):
        rows = re.findall(r"field-name[^>]*>\s*(\w+)", see("apikey_changelist", state=state))
        assert rows == [name]


def test_a_key_cannot_be_changed(send, see, key):
    assert 'name="name"' not in see("apikey_change", key.id)
    assert send("apikey_change", key.id, name="other").status_code == 403


def test_a_revoked_key_is_refused(send, tenant):
    made = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    send("apikey_revoke", made.api_key_id, confirmed="yes")
    with pytest.raises(InvalidCredentials):
        authenticate_key(raw=made.secret, at=now())
    assert AuditEntry.objects.filter(action="api_key.revoked", actor_kind="staff").count() == 1
