"""Rate limits while Valkey is dead or stalled."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from apps.gateway.rates.decision import Decision
from apps.gateway.services.rate_limits import RateLimits
from apps.tenants.contracts import Rates
from tests.integration.gateway.rates.own_valkey import OwnValkey
from tests.integration.gateway.rates.scripts import rates

HANGING_SECONDS = 2.0
"""Ten times as long as one call may wait; as many as are asked would wait longer."""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path)
    server.start()
    with override_settings(REDIS_URL=server.url):
        yield server
    server.close()


async def _timed(limits: RateLimits, of_call: Rates, *, tokens: int = 0) -> tuple[Decision, float]:
    began = time.monotonic()
    decision = await limits.take(of_call, tokens=tokens)
    return decision, time.monotonic() - began


@pytest.mark.parametrize("algorithm", ["sliding_window", "token_bucket"])
def test_a_dead_valkey_leaves_each_process_its_share(valkey: OwnValkey, algorithm: str) -> None:
    async def work() -> list[bool]:
        limits = RateLimits()
        of_call = rates(8, algorithm=algorithm)  # type: ignore[arg-type]
        valkey.kill()
        decisions = [await limits.take(of_call, tokens=0) for _ in range(4)]
        await limits.close()
        return [decision.is_admitted for decision in decisions]

    assert asyncio.run(work()) == [True, True, False, False]  # a quarter: nothing is known better


def test_a_process_that_has_heard_how_many_there_are_takes_its_part_of_that(
    valkey: OwnValkey,
) -> None:
    async def work() -> list[bool]:
        limits = RateLimits()
        of_call = rates(8)
        await limits.take(of_call, tokens=0)
        valkey.kill()
        found = [await limits.take(of_call, tokens=0) for _ in range(9)]
        await limits.close()
        return [decision.is_admitted for decision in found]

    assert asyncio.run(work()) == [True] * 8 + [False]  # it is the only one


def test_a_stalled_valkey_holds_up_one_moment_and_then_nobody(valkey: OwnValkey) -> None:
    async def work() -> None:
        limits = RateLimits()
        of_call = rates(1000)
        await limits.take(of_call, tokens=0)
        with valkey.stalled():
            first = await asyncio.gather(*(_timed(limits, of_call) for _ in range(20)))
            later = [await _timed(limits, of_call) for _ in range(200)]
        assert max(took for _, took in first) < HANGING_SECONDS
        assert sum(took for _, took in later) < HANGING_SECONDS
        assert all(decision.is_admitted for decision, _ in [*first, *later])
        await limits.close()

    asyncio.run(work())


def test_who_comes_while_a_stalled_valkey_is_waited_for_does_not_wait_anew(
    valkey: OwnValkey,
) -> None:
    async def work() -> None:
        limits = RateLimits()
        of_call = rates(1000)
        await limits.take(of_call, tokens=0)
        with valkey.stalled():
            first = asyncio.create_task(limits.take(of_call, tokens=0))
            await asyncio.sleep(0.1)
            second = asyncio.create_task(limits.take(of_call, tokens=0))
            await first
            for _ in range(10):  # turns of the loop, in which no time passes
                await asyncio.sleep(0)
            assert second.done()
        await limits.close()

    asyncio.run(work())


def test_a_call_that_needs_more_tokens_than_the_share_is_let_through_within_the_limit(
    valkey: OwnValkey,
) -> None:
    async def work() -> list[Decision]:
        limits = RateLimits()
        valkey.kill()
        of_call = rates(None, 100)
        found = [await limits.take(of_call, tokens=tokens) for tokens in (90, 1, 101)]
        await limits.close()
        return found

    passed, refused, too_large = asyncio.run(work())
    assert passed.is_admitted
    assert refused.refusal is not None
    assert refused.refusal.retry_after_seconds
    assert too_large.refusal is not None
    assert too_large.refusal.retry_after_seconds is None


def test_a_valkey_that_is_back_counts_again(valkey: OwnValkey) -> None:
    async def work() -> None:
        limits = RateLimits()
        of_call = rates(1000)
        valkey.kill()
        assert (await limits.take(of_call, tokens=0)).taken_at_ms == 0
        valkey.start()
        async with asyncio.timeout(10):
            while not (await limits.take(of_call, tokens=0)).taken_at_ms:
                await asyncio.sleep(0.05)
        await limits.close()

    asyncio.run(work())
