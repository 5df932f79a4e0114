"""The keys of a user pool: what is read of them, and when they are asked for."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.tenants.contracts import IdentityUnavailable
from apps.tenants.services.cognito.fetch_keys import KeysUnreadable, fetch_keys
from apps.tenants.services.cognito.jwks import KeySet
from tests.integration.tenants.user_pool import (
    OMIT,
    Hands,
    private_key,
    public_jwk,
    running_pool,
)

ONE = private_key("k1").public_key()
TWO = private_key("k2").public_key()


@pytest.fixture
def pool():
    with running_pool() as running:
        yield running


class Source:
    """Hands out `keys`, or fails; holds each answer back until `is_open` is set."""

    def __init__(self) -> None:
        self.keys = {"k1": ONE}
        self.is_down = False
        self.is_open = threading.Event()
        self.is_open.set()
        self.was_asked = threading.Event()
        self.fetches = 0

    def __call__(self):
        self.fetches += 1
        self.was_asked.set()
        assert self.is_open.wait(10)
        if self.is_down:
            raise KeysUnreadable("down")
        return dict(self.keys)


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def keys(source, clock):
    return KeySet(source, monotonic=clock)


def test_the_keys_for_signing_are_read_by_name(pool):
    assert fetch_keys(pool.url) == {"k1": ONE, "k2": TWO}


OTHER_KEYS = {
    "for encryption": public_jwk("k2", use="enc"),
    "of another algorithm": public_jwk("k2", alg="RS512"),
    "of another kind": {"kty": "oct", "k": "AAAA", "kid": "k2"},
    "too small": public_jwk("small"),
    "without a name": public_jwk("k2", kid=OMIT),
    "with a name of a wrong type": public_jwk("k2", kid=["k2"]),
    "with a modulus of a wrong type": public_jwk("k2", n=7),
    "without an exponent": public_jwk("k2", e=OMIT),
    "private": public_jwk("k2", d="AQAB"),
    "text": "k2",
}


@pytest.mark.parametrize("other", OTHER_KEYS.values(), ids=OTHER_KEYS.keys())
def test_a_key_of_another_kind_is_passed_over(pool, other):
    pool.body = json.dumps({"keys": [other, public_jwk("k1", alg=OMIT, use=OMIT)]}).encode()
    assert fetch_keys(pool.url) == {"k1": ONE}


BODIES = {
    "empty": b"",
    "not JSON": b"<html>",
    "not UTF-8": b"\xff\xfe\xfd",
    "a list": b"[]",
    "a text": b'"keys"',
    "no keys": b'{"keys": []}',
    "keys of a wrong type": b'{"keys": 7}',
    "keys null": b'{"keys": null}',
    "nested deep": b'{"keys": ' + b"[" * 60_000,
    "too large": b" " * (64 * 1024) + b'{"keys": []}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_an_answer_without_keys_is_unreadable(pool, body):
    pool.body = body
    with pytest.raises(KeysUnreadable):
        fetch_keys(pool.url)


@pytest.mark.parametrize("status", [404, 500, 503, 204])
def test_another_status_is_unreadable(pool, status):
    pool.status = status
    with pytest.raises(KeysUnreadable):
        fetch_keys(pool.url)


def test_a_redirect_is_not_followed(pool):
    pool.status, pool.headers = 302, {"Location": pool.url}
    with pytest.raises(KeysUnreadable, match="302"):
        fetch_keys(pool.url)
    assert pool.fetches == 1


def test_a_file_is_not_read(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [public_jwk("k1")]}))
    with pytest.raises(KeysUnreadable, match="unknown url type"):
        fetch_keys(path.as_uri())


def test_an_answer_that_drips_is_given_up(pool):
    pool.drips = True
    with pytest.raises(KeysUnreadable, match="too slow"):
        fetch_keys(pool.url)


def test_known_keys_are_not_asked_for_again_while_they_are_fresh(source, clock, keys):
    assert keys.find("k1") is ONE
    clock.seconds += 299
    assert keys.find("k1") is ONE
    assert source.fetches == 1


def test_failed_fetches_cool_down_too(source, clock, keys):
    source.is_down = True
    for _ in range(25):
        with pytest.raises(IdentityUnavailable):
            keys.find("k1")
        clock.seconds += 1
    assert source.fetches == 3


def test_who_has_to_come_again_is_told_when(source, clock, keys):
    source.is_down = True
    with pytest.raises(IdentityUnavailable):
        keys.find("k1")
    clock.seconds += 4
    with pytest.raises(IdentityUnavailable) as caught:
        keys.find("k1")
    assert caught.value.retry_after_seconds == 6
    clock.seconds += 6
    source.is_down = False
    assert keys.find("k1") is ONE


def test_an_unreadable_answer_does_not_take_known_keys_away(source, clock, keys):
    assert keys.find("k1") is ONE
    source.is_down = True
    clock.seconds += 10
    assert keys.find("bogus") is None
    assert keys.find("k1") is ONE


def test_many_who_start_at_once_share_one_fetch(source, keys):
    source.is_open.clear()
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(keys.find, "k1") for _ in range(8)]
        assert source.was_asked.wait(10)
        source.is_open.set()
    assert [one.result() for one in found] == [ONE] * 8
    assert source.fetches == 1


def test_nobody_waits_for_a_fetch_who_has_a_key(source, clock, keys):
    assert keys.find("k1") is ONE
    source.is_open.clear()
    source.was_asked.clear()
    clock.seconds += 300
    source.keys = {"k2": TWO}
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(keys.find, "k2")
        assert source.was_asked.wait(10)
        assert keys.find("k1") is ONE
        assert not other.done()
        source.is_open.set()
        assert other.result() is TWO
    assert keys.find("k1") is None
    assert source.fetches == 2
