"""A key is replaced while the old one still works."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connections

from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import InvalidCredentials
from apps.tenants.models import ApiKey, AuditEntry
from apps.tenants.services.authenticate_key import authenticate_key
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.services.rotate_api_key import MAX_OVERLAP_SECONDS, rotate_api_key

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def tenant():
    return create_tenant(name="Acme", at=now())


def make(tenant, **fields):
    return create_api_key(tenant_id=tenant.id, name="ci", at=now(), **fields)


def rotate(tenant, key, at, **fields):
    return rotate_api_key(tenant_id=tenant.id, api_key_id=key.api_key_id, at=at, **fields)


def test_both_keys_work_until_the_overlap_is_over(tenant):
    old, at = make(tenant), now()
    new = rotate(tenant, old, at, overlap_seconds=3600)
    for key in (old, new):
        assert authenticate_key(raw=key.secret, at=at + HOUR - timedelta(seconds=1))
    with pytest.raises(InvalidCredentials, match="expired"):
        authenticate_key(raw=old.secret, at=at + HOUR)
    assert authenticate_key(raw=new.secret, at=at + HOUR)


def test_without_an_overlap_the_old_key_ends_at_once(tenant):
    old, at = make(tenant), now()
    rotate(tenant, old, at, overlap_seconds=0)
    with pytest.raises(InvalidCredentials, match="expired"):
        authenticate_key(raw=old.secret, at=at)


def test_the_successor_is_what_the_old_key_was(tenant):
    user = create_user(tenant_id=tenant.id, email="ann@example.org", role="admin", at=now())
    old = make(tenant, scopes=["read", "admin"], user_id=user.id)
    new = rotate(tenant, old, now())
    key = ApiKey.objects.get(pk=new.api_key_id)
    assert (key.name, key.scopes, key.user_id) == ("ci", ["read", "admin"], user.id)
    assert (key.expires_at, key.rotated_at) == (None, None)
    assert new.secret != old.secret


def test_the_successor_lives_as_long_as_the_old_key_would_have(tenant):
    old = make(tenant, expires_at=now() + timedelta(days=90))
    at = now() + timedelta(days=80)
    new = rotate(tenant, old, at)
    left = ApiKey.objects.get(pk=new.api_key_id).expires_at - at
    assert abs(left - timedelta(days=90)) < timedelta(minutes=1)


def test_a_rotation_never_lengthens_the_life_of_the_old_key(tenant):
    at = now()
    old = make(tenant, expires_at=at + HOUR)
    rotate(tenant, old, at, overlap_seconds=MAX_OVERLAP_SECONDS)
    assert ApiKey.objects.get(pk=old.api_key_id).expires_at == at + HOUR


def test_a_rotation_is_one_change_and_shows_no_secret(tenant):
    old, at = make(tenant), now()
    new = rotate(tenant, old, at)
    entry = AuditEntry.objects.exclude(action__endswith=".created").get()
    assert (entry.action, entry.target_id) == ("api_key.rotated", str(old.api_key_id))
    assert entry.after["successor_prefix"] == new.prefix
    assert new.secret.rpartition("_")[2] not in str(vars(entry))
    assert AuditEntry.objects.filter(action="api_key.created").count() == 1


def end_by_rotation(tenant, key):
    rotate(tenant, key, now())


def end_by_revocation(tenant, key):
    revoke_api_key(tenant_id=tenant.id, api_key_id=key.api_key_id, at=now())


def end_by_expiry(tenant, key):
    ApiKey.objects.filter(pk=key.api_key_id).update(expires_at=now())


@pytest.mark.parametrize(
    ("end", "complaint"),
    [
        (end_by_rotation, "its successor"),
        (end_by_revocation, "revoked"),
        (end_by_expiry, "expired"),
    ],
)
def test_a_key_that_has_ended_is_not_rotated(tenant, end, complaint):
    key = make(tenant)
    end(tenant, key)
    count = ApiKey.objects.count()
    with pytest.raises(Conflict, match=complaint):
        rotate(tenant, key, now())
    assert ApiKey.objects.count() == count


@pytest.mark.parametrize("seconds", [-1, MAX_OVERLAP_SECONDS + 1])
def test_an_overlap_is_bounded(tenant, seconds):
    with pytest.raises(InvalidInput):
        rotate(tenant, make(tenant), now(), overlap_seconds=seconds)


def test_two_rotations_at_once_make_one_successor(tenant):
    key = make(tenant)
    start = Barrier(2)

    def one():
        start.wait(timeout=30)
        try:
            with tenant_scope(tenant.id):
                rotate(tenant, key, now())
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(copy_context().run, one) for _ in range(2)]
        assert sorted(each.result(timeout=60) for each in asked) == [False, True]
    assert ApiKey.objects.count() == 2


def test_a_key_of_another_tenant_is_no_key(tenant):
    key = make(create_tenant(name="Other", at=now()))
    with pytest.raises(NotFound, match=str(key.api_key_id)):
        rotate(tenant, key, now())
    with pytest.raises(NotFound):
        rotate_api_key(tenant_id=tenant.id, api_key_id=uuid4(), at=now())
