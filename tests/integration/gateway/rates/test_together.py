"""Several limits of one call, and several calls at once."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from apps.gateway.rates.decision import Decision
from apps.gateway.rates.valkey_counts import Taking, ValkeyCounts
from apps.tenants.contracts import OwnedRate, Rate, RateAlgorithm, RateKind, Rates
from tests.integration.gateway.rates.scripts import rates

ALGORITHMS: tuple[RateAlgorithm, ...] = ("sliding_window", "token_bucket")


def _take(*takings: Taking) -> list[Decision]:
    """Decided in one round trip."""

    async def work() -> list[Decision]:
        counts = ValkeyCounts(settings.REDIS_URL)
        found = await asyncio.gather(*map(counts.take, takings))
        await counts.close()
        return [one for one in found if one is not None]

    decisions = asyncio.run(work())
    assert len(decisions) == len(takings)
    return decisions


def _of_three(
    tenant: int | None, user: int | None, key: int | None, algorithm: RateAlgorithm
) -> Rates:
    tenant_id = uuid4()
    kinds: tuple[tuple[RateKind, int | None], ...] = (
        ("tenant", tenant), ("user", user), ("key", key),
    )  # fmt: skip
    return tuple(
        OwnedRate(
            tenant_id=tenant_id,
            kind=kind,
            owner_id=uuid4(),
            rate=Rate(requests_per_minute=limit, tokens_per_minute=None, algorithm=algorithm),
        )
        for kind, limit in kinds
        if limit is not None
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("limits", "refusing"),
    [((3, 5, 9), "tenant"), ((9, 3, 5), "user"), ((9, 5, 3), "key"), ((None, None, 3), "key")],
)
def test_the_tightest_limit_decides_and_is_told(
    algorithm: RateAlgorithm, limits: Any, refusing: str
) -> None:
    of_call = _of_three(*limits, algorithm)
    decisions = _take(*[Taking(of_call, 0)] * 5)
    assert [one.is_admitted for one in decisions] == [True] * 3 + [False] * 2
    assert [one.requests.remaining for one in decisions if one.requests] == [2, 1, 0, 0, 0]
    refusal = decisions[-1].refusal
    assert refusal is not None
    assert (refusal.owned.kind, refusal.unit, refusal.limit) == (refusing, "requests", 3)
    assert 0 < (refusal.retry_after_seconds or 0) <= 62


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_refused_call_is_counted_nowhere(algorithm: RateAlgorithm) -> None:
    wide, narrow = _of_three(10, 1, None, algorithm)
    _take(*[Taking((wide, narrow), 0)] * 6)
    (decision,) = _take(Taking((wide,), 0))
    assert decision.requests is not None
    assert decision.requests.remaining == 8


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_requests_and_tokens_are_both_limited(algorithm: RateAlgorithm) -> None:
    of_call = rates(10, 100, algorithm=algorithm)
    first, second, third = _take(Taking(of_call, 60), Taking(of_call, 60), Taking(of_call, 40))
    assert (first.is_admitted, second.is_admitted, third.is_admitted) == (True, False, True)
    assert second.refusal is not None
    assert second.refusal.unit == "tokens"
    assert third.requests is not None
    assert third.tokens is not None
    assert (third.requests.remaining, third.tokens.remaining) == (8, 0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_call_larger_than_the_limit_is_told_that_no_time_helps(algorithm: RateAlgorithm) -> None:
    (decision,) = _take(Taking(rates(None, 100, algorithm=algorithm), 101))
    assert decision.refusal is not None
    assert decision.refusal.retry_after_seconds is None
    assert "100 tokens a minute" in decision.refusal.detail


def test_tenants_do_not_share_a_limit() -> None:
    assert all(one.is_admitted for one in _take(*(Taking(rates(1), 0) for _ in range(5))))


def test_what_a_call_did_not_use_is_given_back() -> None:
    of_call = rates(None, 100)

    async def work() -> Decision | None:
        counts = ValkeyCounts(settings.REDIS_URL)
        decision = await counts.take(Taking(of_call, 90))
        assert decision is not None
        counts.correct(decision, tokens=10)
        await counts.close()
        again = ValkeyCounts(settings.REDIS_URL)
        try:
            return await again.take(Taking(of_call, 50))
        finally:
            await again.close()

    decision = asyncio.run(work())
    assert decision is not None
    assert decision.tokens is not None
    assert decision.tokens.remaining == 40


def test_every_key_ends_by_itself() -> None:
    of_call = rates(5, 100)
    _take(Taking(of_call, 1))
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 0 < client.pttl(of_call[0].key) <= 64_000
        assert 0 < client.pttl("rates:processes") <= 60_000


def test_a_server_that_has_lost_its_scripts_and_counts_begins_anew() -> None:
    of_call = rates(2)

    async def work() -> list[bool]:
        counts = ValkeyCounts(settings.REDIS_URL)
        found = [await counts.take(Taking(of_call, 0)) for _ in range(3)]
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.script_flush()
            client.delete(of_call[0].key)
        found.append(await counts.take(Taking(of_call, 0)))
        await counts.close()
        return [one is not None and one.is_admitted for one in found]

    assert asyncio.run(work()) == [True, True, False, True]
