"""However a good token is bent, it is refused, and in one way only."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from apps.tenants.contracts import InvalidCredentials
from tests.integration.tenants.user_pool import (
    AT,
    Hands,
    claims_of,
    encode,
    encode_bytes,
    running_pool,
    sign,
)

RAW = sign()
SEGMENTS = RAW.split(".")
BASE64URL = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
PIECE = st.text(BASE64URL | st.characters(), max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
HEADER_NAMES = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5u", "zip"])
SETTINGS = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def verifier():
    with running_pool() as pool:
        verifier = pool.verifier(Hands())
        verifier.verify(sign(sub="first"), at=AT)
        yield verifier


def check(verifier, raw: str) -> None:
    assume(raw != RAW)
    with pytest.raises(InvalidCredentials):
        verifier.verify(raw, at=AT)


@SETTINGS
@given(st.integers(0, 2), st.integers(0, 400), st.integers(0, 3), PIECE)
def test_no_change_of_a_segment_verifies(verifier, which, position, cut, piece):
    segments = list(SEGMENTS)
    text = segments[which]
    start = position % (len(text) + 1)
    segments[which] = text[:start] + piece + text[start + cut :]
    check(verifier, ".".join(segments))


@SETTINGS
@given(st.lists(st.sampled_from([*SEGMENTS, ""]), max_size=5))
def test_no_other_order_of_segments_verifies(verifier, segments):
    check(verifier, ".".join(segments))


@SETTINGS
@given(st.dictionaries(HEADER_NAMES, JSON, min_size=1))
def test_no_other_header_verifies(verifier, changes):
    header = encode({"alg": "RS256", "kid": "k1", "typ": "JWT"} | changes)
    check(verifier, ".".join([header, *SEGMENTS[1:]]))


@SETTINGS
@given(st.dictionaries(st.sampled_from(sorted(claims_of())), JSON, min_size=1))
def test_no_signed_claims_raise_anything_else(verifier, changes):
    with contextlib.suppress(InvalidCredentials):
        verifier.verify(sign(**changes), at=AT)


@SETTINGS
@given(st.text(), JSON, st.binary(max_size=300))
def test_no_garbage_verifies(verifier, text, value, data):
    check(verifier, text)
    check(verifier, f"{encode(value)}.{encode_bytes(json.dumps(value).encode())}.{text}")
    check(verifier, ".".join([*SEGMENTS[:2], encode_bytes(data)]))
