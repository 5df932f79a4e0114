"""API keys from their making to their end."""

import base64
import os
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connections
from pydantic import SecretStr

from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.tenancy import tenant_scope
from apps.tenants.contracts import InvalidCredentials, TenantInactive
from apps.tenants.facade import authenticate, require_active_tenant
from apps.tenants.models import ApiKey
from apps.tenants.services.authenticate import LIFETIME
from apps.tenants.services.authenticate_key import authenticate_key
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.revoke_api_key import revoke_api_key
from apps.tenants.states import RIGHTS_OF_TENANTS, rights_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def tenant():
    return create_tenant(name="Acme", at=now())


@pytest.fixture
def user(tenant):
    return create_user(tenant_id=tenant.id, email="ann@example.org", at=now())


def test_a_key_says_who_its_holder_is(tenant, user):
    key = create_api_key(
        tenant_id=tenant.id, name="ci", scopes=["read", "run"], user_id=user.id, at=now()
    )
    principal, _ = authenticate_key(raw=key.secret, at=AT)
    assert (principal.tenant_id, principal.user_id) == (tenant.id, user.id)
    assert (principal.api_key_id, principal.rights) == (key.api_key_id, {"read", "run"})


def test_the_secret_is_not_in_the_database(tenant):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    row = ApiKey.objects.values().get()
    assert key.secret.rpartition("_")[2] not in str(row)


def test_a_key_does_no_more_than_its_user_may(tenant, user):
    key = create_api_key(
        tenant_id=tenant.id, name="ci", scopes=RIGHTS_OF_TENANTS, user_id=user.id, at=now()
    )
    assert authenticate_key(raw=key.secret, at=AT)[0].rights == rights_of("member")


def test_another_secret_with_a_known_prefix_is_refused(tenant):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    with pytest.raises(InvalidCredentials, match="not known"):
        authenticate_key(raw=f"ap_{key.prefix}_{'a' * 40}", at=AT)


def test_a_revoked_key_is_refused_and_revoking_twice_is_harmless(tenant):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    revoke_api_key(tenant_id=tenant.id, api_key_id=key.api_key_id, at=AT)
    revoke_api_key(tenant_id=tenant.id, api_key_id=key.api_key_id, at=AT + timedelta(days=1))
    assert ApiKey.objects.get().revoked_at == AT
    with pytest.raises(InvalidCredentials, match="revoked"):
        authenticate_key(raw=key.secret, at=AT)


def test_a_tenant_cannot_revoke_the_key_of_another(tenant):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    with pytest.raises(NotFound):
        revoke_api_key(tenant_id=uuid4(), api_key_id=key.api_key_id, at=AT)
    assert authenticate_key(raw=key.secret, at=AT)


def test_a_key_works_until_it_expires(tenant):
    key = create_api_key(tenant_id=tenant.id, name="ci", expires_at=AT, at=AT - timedelta(days=1))
    assert authenticate_key(raw=key.secret, at=AT - timedelta(seconds=1))
    with pytest.raises(InvalidCredentials, match="expired"):
        authenticate_key(raw=key.secret, at=AT)


@pytest.mark.parametrize("status", ["suspended", "deleted"])
def test_no_key_of_an_inactive_tenant_works(tenant, status):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    tenant.status = status
    tenant.save()
    with pytest.raises(InvalidCredentials, match="suspended"):
        authenticate_key(raw=key.secret, at=AT)
    with pytest.raises(TenantInactive):
        require_active_tenant(tenant_id=tenant.id)


def test_no_key_of_a_deactivated_user_works(tenant, user):
    key = create_api_key(tenant_id=tenant.id, name="ci", user_id=user.id, at=now())
    user.is_active = False
    user.save()
    with pytest.raises(InvalidCredentials, match="deactivated"):
        authenticate_key(raw=key.secret, at=AT)


def test_the_last_use_is_written_at_most_once_a_minute(tenant, django_assert_num_queries):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    with django_assert_num_queries(1, connection=connections["default"]):
        authenticate_key(raw=key.secret, at=AT)
    with django_assert_num_queries(1, connection=connections["default"]):
        authenticate_key(raw=key.secret, at=AT + timedelta(seconds=59))
    assert ApiKey.objects.get().last_used_at == AT
    authenticate_key(raw=key.secret, at=AT + timedelta(seconds=60))
    assert ApiKey.objects.get().last_used_at == AT + timedelta(seconds=60)


def test_two_live_keys_cannot_share_a_name(tenant):
    first = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    with pytest.raises(Conflict, match="ci"):
        create_api_key(tenant_id=tenant.id, name="ci", at=now())
    revoke_api_key(tenant_id=tenant.id, api_key_id=first.api_key_id, at=AT)
    assert create_api_key(tenant_id=tenant.id, name="ci", at=now())


def test_a_key_cannot_belong_to_a_user_of_another_tenant(user):
    other = create_tenant(name="Other", at=now())
    with pytest.raises(InvalidInput):
        create_api_key(tenant_id=other.id, name="ci", user_id=user.id, at=now())


def test_a_missing_tenant_is_not_found():
    with pytest.raises(NotFound):
        require_active_tenant(tenant_id=uuid4())


def test_a_known_key_is_believed_without_the_database_for_seconds_only(
    tenant, django_assert_num_queries
):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=AT)
    authenticate(raw=key.secret, at=AT)
    ApiKey.objects.update(revoked_at=AT)
    with django_assert_num_queries(0, connection=connections["default"]):
        authenticate(raw=key.secret, at=AT + LIFETIME - timedelta(milliseconds=1))
    assert timedelta(seconds=5) > LIFETIME
    with pytest.raises(InvalidCredentials, match="revoked"):
        authenticate(raw=key.secret, at=AT + LIFETIME)


def test_a_key_that_is_revoked_here_is_refused_here_at_once(tenant):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=AT)
    authenticate(raw=key.secret, at=AT)
    revoke_api_key(tenant_id=tenant.id, api_key_id=key.api_key_id, at=AT)
    with pytest.raises(InvalidCredentials, match="revoked"):
        authenticate(raw=key.secret, at=AT)


def test_a_known_key_is_refused_once_it_expires(tenant):
    end = AT + timedelta(seconds=1)
    key = create_api_key(tenant_id=tenant.id, name="ci", expires_at=end, at=AT)
    authenticate(raw=key.secret, at=AT)
    with pytest.raises(InvalidCredentials, match="expired"):
        authenticate(raw=key.secret, at=end)


def test_a_key_outlives_the_rotation_of_what_keys_its_hash(tenant, settings):
    first, second = new_key(), new_key()
    use_keys(settings, first)
    key = create_api_key(tenant_id=tenant.id, name="ci", at=AT)
    use_keys(settings, second, first)
    authenticate_key(raw=key.secret, at=AT)
    use_keys(settings, second)
    assert authenticate_key(raw=key.secret, at=AT)


def test_the_roles_that_serve_requests_cannot_read_another_tenants_hash(tenant):
    create_api_key(tenant_id=tenant.id, name="ci", at=AT)
    with tenant_scope(uuid4()):
        assert not ApiKey.objects.exists()


def use_keys(settings, *keys):
    ring = SecretStr(",".join(keys))
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"encryption_keys": ring})


def new_key():
    return f"k{uuid4().hex[:8]}:{base64.b64encode(os.urandom(32)).decode()}"
