"""When keys are asked for, and what serves while they cannot be had."""

import socket
from datetime import timedelta

import pytest

from apps.tenants.contracts import IdentityUnavailable, InvalidCredentials
from apps.tenants.services.cognito.verify_token import verify_token
from tests.integration.tenants.user_pool import (
    AT,
    Hands,
    sign,
)


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
