"""Tokens of an emulated Cognito."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import boto3
import jwt
import pytest
from moto.server import ThreadedMotoServer

from apps.tenants.services.cognito.verify_token import verify_token
from tests.integration.tenants.cognito.conftest import refused
from tests.integration.tenants.user_pool import (
    CLIENT,
    ISSUER,
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
