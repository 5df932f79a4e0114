"""Tokens that nobody signed who may."""

import json
from typing import Any

import pytest

from tests.integration.tenants.cognito.conftest import refused
from tests.integration.tenants.user_pool import (
    OMIT,
    claims_of,
    encode,
    encode_bytes,
    sign,
    sign_bytes,
    sign_with_public_key,
)


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
