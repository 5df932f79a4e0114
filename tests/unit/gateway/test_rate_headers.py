"""What HTTP tells of a decision."""

from uuid import uuid4

import pytest

from apps.gateway.rates.decision import UNLIMITED, Decision, Quota, Refusal
from apps.gateway.rates.headers import rate_headers
from apps.tenants.contracts import OwnedRate, Rate

TENANT = uuid4()
OWNED = OwnedRate(
    tenant_id=TENANT,
    kind="tenant",
    owner_id=TENANT,
    rate=Rate(requests_per_minute=100, tokens_per_minute=1000),
)


def test_nothing_is_told_where_nothing_is_limited() -> None:
    assert rate_headers(UNLIMITED) == []


def test_what_is_left_is_told_as_openai_tells_it() -> None:
    decision = Decision(
        (OWNED,), requests=Quota(100, 99, 1.0), tokens=Quota(1000, 950, 61.5), taken_at_ms=1
    )
    assert rate_headers(decision) == [
        (b"x-ratelimit-limit-requests", b"100"),
        (b"x-ratelimit-remaining-requests", b"99"),
        (b"x-ratelimit-reset-requests", b"1s"),
        (b"x-ratelimit-limit-tokens", b"1000"),
        (b"x-ratelimit-remaining-tokens", b"950"),
        (b"x-ratelimit-reset-tokens", b"1m1.5s"),
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, b"0ms"), (0.02, b"20ms"), (0.9999, b"1s"), (1.25, b"1.25s"), (60.0, b"1m0s"),
        (10.0, b"10s"), (120.0, b"2m0s"),
    ],
)  # fmt: skip
def test_times_are_written_as_durations(seconds: float, told: bytes) -> None:
    headers = dict(rate_headers(Decision((OWNED,), requests=Quota(1, 0, seconds))))
    assert headers[b"x-ratelimit-reset-requests"] == told


def test_a_refusal_says_when_to_come_back() -> None:
    refused = Decision((OWNED,), refusal=Refusal(OWNED, "requests", 1.234, 1))
    assert rate_headers(refused) == [(b"retry-after", b"2"), (b"retry-after-ms", b"1234")]


def test_a_refusal_that_no_time_helps_says_that_it_is_in_vain() -> None:
    refused = Decision((OWNED,), refusal=Refusal(OWNED, "tokens", None, 5000))
    assert rate_headers(refused) == [(b"x-should-retry", b"false")]
