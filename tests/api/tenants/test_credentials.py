"""Who gets into the API, by key and by token, and who does not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.tenants.models import User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.revoke_api_key import revoke_api_key
from tests.integration.tenants.user_pool import running_pool, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return create_tenant(name=f"t-{uuid4().hex[:8]}", at=now())


@pytest.fixture
def ask():
    """`ask(credential)`: the answer of a list to who sends it, from an address of its own."""
    address = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"

    def get(credential, *, address=address):
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {credential}")
        return client.get("/api/v1/tasks", REMOTE_ADDR=address)

    return get


@pytest.fixture
def pool(settings):
    with running_pool() as pool:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=pool.settings())
        yield pool


def token(tenant, subject, **changes):
    at = now()
    claims = {
        "sub": subject,
        "custom:tenant_id": str(tenant.id),
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(hours=1)).timestamp()),
    }
    return sign(**(claims | changes))


def assert_refused(answer, sentence):
    assert answer.status_code == 401, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert sentence in answer.json()["detail"]


def test_a_token_opens_the_tenant_of_its_user(tenant, pool, ask):
    subject = str(uuid4())
    create_user(tenant_id=tenant.id, email="a@x.org", cognito_subject=subject, at=now())
    assert ask(token(tenant, subject)).status_code == 200


def test_a_user_without_a_tenant_stays_outside(pool, ask):
    User.objects.create(email="op@x.org", is_staff=True, cognito_subject=(subject := str(uuid4())))
    assert_refused(ask(sign("access", sub=subject, **fresh())), "no user here")


def fresh():
    at = now()
    return {"iat": int(at.timestamp()), "exp": int((at + timedelta(hours=1)).timestamp())}


def test_without_a_pool_no_token_is_good(tenant, ask):
    assert_refused(ask(token(tenant, str(uuid4()))), "not valid")


def test_a_pool_that_cannot_be_asked_is_said_to_be(tenant, pool, ask):
    pool.status = 500
    answer = ask(token(tenant, str(uuid4())))
    assert (answer.status_code, answer.json()["code"]) == (503, "identity_unavailable")
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    "credential",
    ["", "nonsense", "ap_", "ap_aaaaaaaa_" + "a" * 40, "a.b.c", "." * 2, "x" * 20_000, "é", "a b"],
)
def test_a_malformed_or_unknown_credential_is_refused(ask, credential):
    answer = ask(credential)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_revoked_an_expired_and_a_suspended_key_say_so_to_who_holds_them(tenant, ask):
    at = now()
    revoked, used_up, good = (
        create_api_key(
            tenant_id=tenant.id,
            name=name,
            at=at - timedelta(hours=1),
            expires_at=at - timedelta(minutes=1) if name == "used up" else None,
        )
        for name in ("revoked", "used up", "good")
    )
    revoke_api_key(tenant_id=tenant.id, api_key_id=revoked.api_key_id, at=at)
    assert_refused(ask(revoked.secret), "was revoked")
    assert_refused(ask(used_up.secret), "has expired")
    tenant.status = "suspended"
    tenant.save()
    assert_refused(ask(good.secret), "is suspended")


def test_failed_attempts_are_slowed_and_a_good_key_beside_them_is_not(tenant, ask):
    key = create_api_key(tenant_id=tenant.id, name="ci", at=now())
    answers = [ask("ap_aaaaaaaa_" + "a" * 40) for _ in range(22)]
    assert [answer.status_code for answer in answers[:20]] == [401] * 20
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused["Retry-After"]) >= 1
    assert ask(key.secret).status_code == 200


def test_failures_of_one_address_do_not_slow_another(ask):
    for _ in range(22):
        ask("nonsense")
    elsewhere = f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    assert ask("nonsense", address=elsewhere).status_code == 401
