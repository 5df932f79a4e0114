"""Tokens of a user pool: emulated ones that are good, and forged ones."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import jwt
import pytest
from moto.server import ThreadedMotoServer

from apps.tenants.contracts import IdentityUnavailable, InvalidCredentials
from apps.tenants.services.cognito.verify_token import verify_token
from tests.integration.tenants.user_pool import (
    AT,
    CLIENT,
    ISSUER,
    OMIT,
    SUBJECT,
    Hands,
    UserPool,
    claims_of,
    encode,
    encode_bytes,
    running_pool,
    sign,
    sign_bytes,
    sign_with_public_key,
)

PASSWORD = "Correct-horse-7"
TENANT = str(uuid4())


@dataclass(frozen=True)
class Emulated:
    """A pool of the emulated Cognito, and an app client of it."""

    address: str
    pool_id: str
    client_id: str
    api: Any

    def settings(self) -> dict[str, str]:
        return {
            "cognito_issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{self.pool_id}",
            "cognito_jwks_url": f"{self.address}/{self.pool_id}/.well-known/jwks.json",
            "cognito_client_ids": self.client_id,
        }

    def tokens_of(self, *, group: str = "", **attributes: str) -> dict[str, str]:
        """What a new user with `attributes` gets by signing in."""
        name = f"{uuid4().hex}@example.org"
        pool = {"UserPoolId": self.pool_id}
        named = {"email": name, "email_verified": "true"} | {
            f"custom:{key}": value for key, value in attributes.items()
        }
        self.api.admin_create_user(
            **pool,
            Username=name,
            UserAttributes=[{"Name": key, "Value": value} for key, value in named.items()],
        )
        self.api.admin_set_user_password(**pool, Username=name, Password=PASSWORD, Permanent=True)
        if group:
            self.api.admin_add_user_to_group(**pool, Username=name, GroupName=group)
        return self.api.admin_initiate_auth(
            **pool,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )["AuthenticationResult"] | {"Email": name}


@pytest.fixture(scope="module")
def cognito() -> Iterator[Emulated]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    api = boto3.client(
        "cognito-idp",
        region_name="us-east-1",
        endpoint_url=address,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    pool_id = api.create_user_pool(
        PoolName="people",
        Schema=[
            {"Name": name, "AttributeDataType": "String", "Mutable": True}
            for name in ("tenant_id", "role")
        ],
    )["UserPool"]["Id"]
    client_id = api.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="console",
        ReadAttributes=["email", "email_verified", "custom:tenant_id", "custom:role"],
    )["UserPoolClient"]["ClientId"]
    for group in ("viewer", "member", "admin", "everyone"):
        api.create_group(UserPoolId=pool_id, GroupName=group)
    yield Emulated(address, pool_id, client_id, api)
    api.close()
    server.stop()


@pytest.fixture
def pool(settings) -> Iterator[UserPool]:
    with running_pool() as running:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=running.settings())
        yield running


@pytest.fixture
def trust(settings):
    def trust(pool: Emulated | UserPool, **changes: str) -> None:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=pool.settings() | changes)

    return trust


def refused(raw: str, at: datetime = AT) -> str:
    with pytest.raises(InvalidCredentials) as caught:
        verify_token(raw, at=at)
    return caught.value.detail


def test_an_emulated_id_token_says_who_signed_in(cognito, trust):
    trust(cognito)
    tokens = cognito.tokens_of(tenant_id=TENANT, role="member", group="admin")
    token = verify_token(tokens["IdToken"], at=datetime.now(UTC))
    assert (token.token_use, token.tenant_id, token.role) == ("id", UUID(TENANT), "member")
    assert (token.email, token.email_verified) == (tokens["Email"], True)
    claims = jwt.decode(tokens["IdToken"], options={"verify_signature": False})
    assert token.subject == claims["sub"]
    assert token.expires_at.timestamp() == claims["exp"]


def test_an_emulated_access_token_names_the_role_by_its_group(cognito, trust):
    trust(cognito)
    tokens = cognito.tokens_of(tenant_id=TENANT, group="admin")
    token = verify_token(tokens["AccessToken"], at=datetime.now(UTC))
    assert (token.token_use, token.tenant_id, token.role) == ("access", None, "admin")
    assert (token.email, token.email_verified) == (None, False)


def test_an_emulated_token_works_until_it_expires(cognito, trust):
    trust(cognito)
    raw = cognito.tokens_of()["IdToken"]
    token = verify_token(raw, at=datetime.now(UTC))
    assert (token.tenant_id, token.role) == (None, None)
    assert verify_token(raw, at=token.expires_at + timedelta(seconds=29))
    assert refused(raw, token.expires_at + timedelta(seconds=30)) == "This token has expired."


def test_a_token_of_another_pool_is_refused_though_the_keys_are_the_same(cognito, trust):
    trust(cognito, cognito_issuer=ISSUER)
    assert refused(cognito.tokens_of()["IdToken"], datetime.now(UTC)) == "This token is not valid."


def test_a_token_of_another_app_client_is_refused(cognito, trust):
    trust(cognito, cognito_client_ids=CLIENT)
    tokens = cognito.tokens_of()
    assert refused(tokens["IdToken"], datetime.now(UTC))
    assert refused(tokens["AccessToken"], datetime.now(UTC))


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


def unsigned(algorithm: str) -> str:
    return f"{encode({'alg': algorithm, 'kid': 'k1'})}.{encode(claims_of())}."


def signed_by_a_stranger() -> str:
    return sign(key="stranger", kid="k1")


def with_header(**header: Any) -> str:
    return sign_bytes(json.dumps(claims_of()).encode(), **header)


FORGERIES = {
    "alg none": lambda: unsigned("none"),
    "alg None with a signature": lambda: f"{unsigned('None')}{encode_bytes(b'x' * 256)}",
    "HS256 with the public key": sign_with_public_key,
    "RS256 that is HS256": lambda: sign_with_public_key("RS256"),
    "RS512": lambda: with_header(kid="k1", algorithm="RS512"),
    "PS256": lambda: with_header(kid="k1", algorithm="PS256"),
    "another key under a known kid": signed_by_a_stranger,
    "another known key": lambda: sign(key="k2", kid="k1"),
    "unknown kid": lambda: sign(key="stranger"),
    "no kid": lambda: sign(kid=OMIT),
    "kid of a wrong type": lambda: (
        f"{encode({'alg': 'RS256', 'kid': ['k1']})}.{encode(claims_of())}.{sign().split('.')[2]}"
    ),
    "key in the header": lambda: with_header(kid="stranger", jwk={"kty": "oct", "k": "AA"}),
    "critical extension": lambda: with_header(kid="k1", crit=["exp"], exp=1),
    "payload swapped": lambda: ".".join(
        [sign().split(".")[0], encode(claims_of(sub="admin")), sign().split(".")[2]]
    ),
    "payload not JSON": lambda: sign_bytes(b"not json", kid="k1"),
    "payload a list": lambda: sign_bytes(b"[1]", kid="k1"),
    "header nested deep": lambda: f"{encode_bytes(b'[' * 5000)}.e30.e30",
    "signature padded": lambda: f"{sign()}==",
    "signature cut": lambda: sign()[:-4],
    "huge": lambda: sign(padding="x" * 8192),
    "garbage": lambda: "garbage",
    "empty": lambda: "",
    "dots": lambda: "..",
    "four parts": lambda: f"{sign()}.e30",
    "not ASCII": lambda: "é.ü.ñ",
    "surrogate": lambda: "\ud800.\ud800.\ud800",
    "line break": lambda: f"{sign()}\n",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_is_refused(pool, forge):
    assert refused(forge()) == "This token is not valid."


@pytest.mark.parametrize("name", ["garbage", "empty", "huge", "alg none", "no kid", "PS256"])
def test_what_cannot_be_good_asks_nobody(pool, name):
    refused(FORGERIES[name]())
    assert pool.fetches == 0


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


def test_when_the_keys_cannot_be_had_at_the_start_a_retry_is_asked_for(pool, trust):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        trust(pool, cognito_jwks_url=f"http://127.0.0.1:{unused.getsockname()[1]}/jwks.json")
        with pytest.raises(IdentityUnavailable) as caught:
            verify_token(sign(), at=AT)
    assert (caught.value.status, caught.value.is_retryable) == (503, True)
    assert 0 < caught.value.retry_after_seconds <= 10


def test_when_the_keys_cannot_be_had_later_the_known_ones_serve(pool):
    clock = Hands()
    verifier = pool.verifier(clock)
    assert verifier.verify(sign(), at=AT)
    pool.status = 503
    clock.seconds += 24 * 3600 - 1
    assert verifier.verify(sign(sub="another"), at=AT)
    assert pool.fetches == 2
    clock.seconds += 1
    with pytest.raises(IdentityUnavailable):
        verifier.verify(sign(sub="a third"), at=AT)


def test_after_a_rotation_the_new_key_works_at_once_and_the_old_one_no_more(pool):
    pool.names = ["k1"]
    clock = Hands()
    verifier = pool.verifier(clock)
    old, new = sign(), sign(key="k2")
    assert verifier.verify(old, at=AT)
    pool.names = ["k2"]
    clock.seconds += 10
    assert verifier.verify(new, at=AT)
    assert verifier.verify(old, at=AT + timedelta(seconds=59)), "verified a moment ago"
    with pytest.raises(InvalidCredentials):
        verifier.verify(old, at=AT + timedelta(seconds=60))


def test_a_retired_key_is_noticed_without_a_new_one_in_use(pool):
    clock = Hands()
    verifier = pool.verifier(clock)
    assert verifier.verify(sign(key="k2"), at=AT)
    pool.names = ["k1"]
    clock.seconds += 300
    with pytest.raises(InvalidCredentials):
        verifier.verify(sign(key="k2", sub="another"), at=AT)


def test_a_flood_of_made_up_kids_is_one_fetch_in_ten_seconds(pool):
    clock = Hands()
    verifier = pool.verifier(clock)
    for second in range(30):
        for number in range(20):
            with pytest.raises(InvalidCredentials):
                verifier.verify(sign(kid=f"bogus-{second}-{number}"), at=AT)
        clock.seconds += 1
    assert pool.fetches == 3


def test_a_repeated_token_is_not_verified_again_until_it_expires(pool):
    clock = Hands()
    verifier = pool.verifier(clock)
    raw = sign(exp=int(AT.timestamp()) + 10)
    first = verifier.verify(raw, at=AT)
    assert verifier.verify(raw, at=AT + timedelta(seconds=9)) is first
    assert verifier.verify(raw, at=AT + timedelta(seconds=10)) is not first
    with pytest.raises(InvalidCredentials, match="expired"):
        verifier.verify(raw, at=AT + timedelta(seconds=40))
