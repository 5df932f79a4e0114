"""What a credential stands for is remembered for a moment, and no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.tenants.services.credential_cache import SIZE, CredentialCache

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def cache():
    return CredentialCache(lifetime=3 * SECOND)


def test_it_is_remembered_for_the_lifetime(cache):
    cache.put("raw", "who", at=AT, until=None)
    assert cache.get("raw", at=AT + 2.9 * SECOND) == "who"
    assert cache.get("raw", at=AT + 3 * SECOND) is None


def test_it_is_not_remembered_past_its_own_end(cache):
    cache.put("raw", "who", at=AT, until=AT + SECOND)
    assert cache.get("raw", at=AT + SECOND) is None


def test_a_clock_that_went_back_forgets(cache):
    cache.put("raw", "who", at=AT, until=None)
    assert cache.get("raw", at=AT - SECOND) is None


def test_another_credential_is_not_known(cache):
    cache.put("raw", "who", at=AT, until=None)
    assert cache.get("raw2", at=AT) is None


def test_what_was_not_asked_for_longest_makes_room(cache):
    for number in range(SIZE):
        cache.put(str(number), number, at=AT, until=None)
    assert cache.get("0", at=AT) == 0
    cache.put("one more", -1, at=AT, until=None)
    assert cache.get("1", at=AT) is None
    assert cache.get("0", at=AT) == 0


def test_all_can_be_forgotten(cache):
    cache.put("raw", "who", at=AT, until=None)
    cache.clear()
    assert cache.get("raw", at=AT) is None
