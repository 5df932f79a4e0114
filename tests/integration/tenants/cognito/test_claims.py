"""Signed tokens: what their claims must be, and what is taken from them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from apps.tenants.services.cognito.verify_token import verify_token
from tests.integration.tenants.cognito.conftest import refused
from tests.integration.tenants.user_pool import (
    AT,
    CLIENT,
    ISSUER,
    OMIT,
    SUBJECT,
    sign,
)

TENANT = str(uuid4())


def test_without_an_issuer_no_token_is_good(pool, settings):
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"cognito_issuer": ""})
    assert refused(sign()) == "This token is not valid."
    assert pool.fetches == 0


def test_without_app_clients_no_token_is_good(pool, trust):
    trust(pool, cognito_client_ids=" , ")
    assert refused(sign(aud=""))


@pytest.mark.parametrize("use", ["id", "access"])
def test_a_signed_token_of_the_pool_is_good(pool, use):
    token = verify_token(sign(use), at=AT)
    assert (token.subject, token.token_use) == (SUBJECT, use)


BAD_CLAIMS = {
    "wrong issuer": {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Theirs"},
    "issuer with a tail": {"iss": f"{ISSUER}/"},
    "no issuer": {"iss": OMIT},
    "wrong audience": {"aud": "another-client"},
    "no audience": {"aud": OMIT},
    "audience of two": {"aud": [CLIENT, "another-client"]},
    "client id in place of an audience": {"aud": OMIT, "client_id": CLIENT},
    "no subject": {"sub": OMIT},
    "empty subject": {"sub": ""},
    "subject with NUL": {"sub": "a\x00b"},
    "subject of a wrong type": {"sub": 7},
    "endless subject": {"sub": "a" * 255},
    "wrong token_use": {"token_use": "refresh"},
    "no token_use": {"token_use": OMIT},
    "token_use of a wrong type": {"token_use": ["id"]},
    "not yet valid": {"nbf": int(AT.timestamp()) + 31},
    "made in the future": {"iat": int(AT.timestamp()) + 31},
    "no expiry": {"exp": OMIT},
    "no time of making": {"iat": OMIT},
    "expiry as text": {"exp": "4000000000"},
    "expiry true": {"exp": True},
    "expiry beyond time": {"exp": 10**30},
    "expiry infinite": {"exp": float("inf")},
    "expiry negative": {"exp": -1},
    "nbf null": {"nbf": None},
    "tenant not a uuid": {"custom:tenant_id": "acme"},
    "tenant as a urn": {"custom:tenant_id": f"urn:uuid:{TENANT}"},
    "tenant empty": {"custom:tenant_id": ""},
    "tenant of a wrong type": {"custom:tenant_id": [TENANT]},
    "unknown role": {"custom:role": "owner"},
    "role of a wrong type": {"custom:role": {"admin": True}},
    "role in capitals": {"custom:role": "ADMIN"},
    "groups as text": {"cognito:groups": "admin"},
    "email of a wrong type": {"email": ["ann@example.org"]},
    "email with a line break": {"email": "ann@example.org\nbcc: bob@example.org"},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
def test_a_signed_token_with_bad_claims_is_refused(pool, changes):
    assert refused(sign(**changes)) == "This token is not valid."


BAD_ACCESS_CLAIMS = {
    "wrong client": {"client_id": "another-client"},
    "no client": {"client_id": OMIT},
    "audience in place of a client": {"client_id": OMIT, "aud": CLIENT},
}


@pytest.mark.parametrize("changes", BAD_ACCESS_CLAIMS.values(), ids=BAD_ACCESS_CLAIMS.keys())
def test_an_access_token_must_name_its_client(pool, changes):
    assert refused(sign("access", **changes)) == "This token is not valid."


def test_an_expired_token_is_said_to_have_expired(pool):
    assert refused(sign(), AT + timedelta(hours=2)) == "This token has expired."


def test_clocks_may_differ_by_half_a_minute(pool):
    early = int(AT.timestamp()) + 30
    assert verify_token(sign(iat=early, nbf=early), at=AT)


GROUPS = [
    (["viewer", "admin", "member"], "admin"),
    (["everyone", "viewer"], "viewer"),
    (["everyone", 7, {"admin": 1}], None),
    ([], None),
]


@pytest.mark.parametrize(("groups", "role"), GROUPS)
def test_without_a_role_the_highest_group_named_like_one_counts(pool, groups, role):
    assert verify_token(sign(**{"cognito:groups": groups}), at=AT).role == role


def test_a_named_role_outranks_every_group(pool):
    raw = sign(**{"custom:role": "viewer", "cognito:groups": ["admin"]})
    assert verify_token(raw, at=AT).role == "viewer"


def test_the_claims_of_tenant_and_role_are_settings(pool, trust):
    trust(pool, cognito_tenant_claim="org", cognito_role_claim="rank")
    token = verify_token(sign(org=TENANT, rank="admin", **{"custom:role": "viewer"}), at=AT)
    assert (token.tenant_id, token.role) == (UUID(TENANT), "admin")


@pytest.mark.parametrize(("said", "verified"), [(True, True), ("true", True), ("false", False)])
def test_an_email_is_verified_only_when_the_token_says_so(pool, said, verified):
    token = verify_token(sign(email="ann@example.org", email_verified=said), at=AT)
    assert (token.email, token.email_verified) == ("ann@example.org", verified)
