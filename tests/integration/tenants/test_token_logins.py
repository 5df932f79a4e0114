"""From a token of the user pool to a user: found, linked or made, within its tenant."""

import threading
from contextvars import copy_context
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.tenants.contracts import IdentityUnavailable, InvalidCredentials
from apps.tenants.facade import authenticate
from apps.tenants.models import AuditEntry, User
from apps.tenants.services.authenticate_token import authenticate_token
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.states import rights_of
from tests.integration.tenants.user_pool import AT, OMIT, running_pool, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(settings):
    with running_pool() as pool:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=pool.settings())
        yield pool


@pytest.fixture
def tenant(pool):
    return create_tenant(name="Acme", at=AT)


@pytest.fixture
def open_tenant(tenant):
    tenant.allows_provisioning = True
    tenant.save()
    return tenant


@pytest.fixture
def subject():
    return str(uuid4())


def token(tenant, subject, **changes):
    claims = {
        "sub": subject,
        "custom:tenant_id": str(tenant.id),
        "email": "ann@example.org",
        "email_verified": True,
    }
    return sign(**(claims | changes))


def sign_in(raw):
    return authenticate_token(raw=raw, at=AT)[0]


def test_the_first_login_makes_the_user_where_the_tenant_allows_it(open_tenant, subject):
    principal = sign_in(token(open_tenant, subject, **{"custom:role": "member"}))
    user = User.objects.get(cognito_subject=subject)
    assert (user.tenant_id, user.email, user.role) == (open_tenant.id, "ann@example.org", "member")
    assert (principal.user_id, principal.tenant_id) == (user.id, open_tenant.id)
    assert principal.rights == rights_of("member")
    entry = AuditEntry.objects.get(action="user.created")
    assert (entry.actor_kind, entry.actor_id) == ("system", "cognito")
    assert (entry.actor_name, entry.target_id) == ("ann@example.org", str(user.id))


def test_without_a_role_a_new_user_may_only_look(open_tenant, subject):
    assert sign_in(token(open_tenant, subject)).rights == rights_of("viewer")


def test_later_logins_find_the_user(open_tenant, subject):
    first, second = (sign_in(token(open_tenant, subject)).user_id for _ in "ab")
    assert first == second
    assert User.objects.count() == 1


def test_two_first_logins_at_once_make_one_user(open_tenant, subject):
    raw = token(open_tenant, subject)
    found = []
    threads = [
        threading.Thread(target=copy_context().run, args=(lambda: found.append(sign_in(raw)),))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert {one.user_id for one in found} == {User.objects.get().id}


def test_elsewhere_a_stranger_stays_outside(tenant, subject):
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(token(tenant, subject))
    assert not User.objects.exists()


def test_a_user_who_was_added_before_is_linked_by_the_verified_address(tenant, subject):
    user = create_user(tenant_id=tenant.id, email="ann@example.org", role="admin", at=AT)
    assert sign_in(token(tenant, subject, email="Ann@Example.org")).user_id == user.id
    user.refresh_from_db()
    assert user.cognito_subject == subject
    assert AuditEntry.objects.filter(action="user.linked", target_id=str(user.id)).exists()


@pytest.mark.parametrize("verified", [False, OMIT])
def test_an_address_that_nobody_verified_links_and_makes_nobody(open_tenant, subject, verified):
    create_user(tenant_id=open_tenant.id, email="ann@example.org", role="admin", at=AT)
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(token(open_tenant, subject, email_verified=verified))


def test_a_user_who_is_linked_already_is_not_taken_over(tenant, subject):
    create_user(tenant_id=tenant.id, email="ann@example.org", cognito_subject="another", at=AT)
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(token(tenant, subject))


def test_an_access_token_finds_its_user_by_subject_alone(tenant, subject):
    user = create_user(tenant_id=tenant.id, email="ann@example.org", cognito_subject=subject, at=AT)
    principal = sign_in(sign("access", sub=subject))
    assert (principal.user_id, principal.tenant_id) == (user.id, tenant.id)


def test_an_access_token_of_a_stranger_finds_nobody(tenant, subject):
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(sign("access", sub=subject))


def test_a_token_cannot_carry_its_user_into_another_tenant(open_tenant, subject):
    sign_in(token(open_tenant, subject))
    other = create_tenant(name="Other", at=AT)
    other.allows_provisioning = True
    other.save()
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(token(other, subject))


def test_a_tenant_that_does_not_exist_is_told_from_none(pool, subject):
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(sign(sub=subject, **{"custom:tenant_id": str(uuid4())}))


@pytest.mark.parametrize(
    ("role", "claimed", "counts"),
    [
        ("admin", OMIT, "admin"),
        ("admin", "viewer", "viewer"),
        ("viewer", "admin", "viewer"),
        ("member", "member", "member"),
    ],
)
def test_of_the_users_role_and_the_tokens_the_lesser_counts(tenant, subject, role, claimed, counts):
    create_user(tenant_id=tenant.id, email="a@x.org", role=role, cognito_subject=subject, at=AT)
    raw = token(tenant, subject, **{"custom:role": claimed})
    assert sign_in(raw).rights == rights_of(counts)


def test_a_deactivated_user_is_refused(tenant, subject):
    user = create_user(tenant_id=tenant.id, email="a@x.org", cognito_subject=subject, at=AT)
    user.is_active = False
    user.save()
    with pytest.raises(InvalidCredentials, match="deactivated"):
        sign_in(token(tenant, subject))


@pytest.mark.parametrize("status", ["suspended", "deleted"])
def test_a_user_of_an_inactive_tenant_is_refused(open_tenant, subject, status):
    sign_in(token(open_tenant, subject))
    open_tenant.status = status
    open_tenant.save()
    with pytest.raises(InvalidCredentials, match="suspended"):
        sign_in(token(open_tenant, subject))


def test_an_inactive_tenant_makes_no_user(open_tenant, subject):
    open_tenant.status = "suspended"
    open_tenant.save()
    with pytest.raises(InvalidCredentials, match="no user here"):
        sign_in(token(open_tenant, subject))
    assert not User.objects.exists()


def test_a_known_token_is_believed_for_seconds_and_never_past_its_end(open_tenant, subject):
    end = AT + timedelta(seconds=1)
    raw = token(open_tenant, subject, exp=int(end.timestamp()))
    assert authenticate(raw=raw, at=AT) == authenticate(raw=raw, at=AT)
    with pytest.raises(InvalidCredentials, match="expired"):
        authenticate(raw=raw, at=end + timedelta(minutes=1))


def test_while_the_keys_cannot_be_had_nobody_is_called_a_liar(tenant, pool, subject):
    pool.status = 500
    with pytest.raises(IdentityUnavailable):
        sign_in(token(tenant, subject))
