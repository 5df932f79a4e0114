"""Providers that answer too much, or that somebody stops waiting for."""

import asyncio
import time

import pytest

from tests.integration.gateway.provider_calls import ask, call, make
from tests.provider import Provider

BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])


@BOTH
def test_an_enormous_answer_ends_within_its_time(provider: Provider, name: str) -> None:
    began = time.monotonic()
    answer = call(provider, name, ask(), model="body-50mb", timeout_seconds=10)
    assert answer.completion.usage.completion_tokens == 10
    assert time.monotonic() - began < 12


@BOTH
def test_many_calls_share_one_client(provider: Provider, name: str) -> None:
    async def many() -> list[str]:
        chosen = make(provider, name)
        try:
            answers = await asyncio.gather(
                *(
                    chosen.complete(ask(), model="latency-200", max_tokens=50, timeout_seconds=10)
                    for _ in range(40)
                )
            )
        finally:
            await chosen.close()
        return [answer.completion.text for answer in answers]

    provider.reset()
    assert len(set(asyncio.run(many()))) == 1
    assert provider.requests()["peak_in_flight"] == 40


@BOTH
def test_a_cancelled_call_stays_cancelled(provider: Provider, name: str) -> None:
    async def leave() -> None:
        chosen = make(provider, name)
        try:
            task = asyncio.create_task(
                chosen.complete(ask(), model="no-answer", max_tokens=50, timeout_seconds=10)
            )
            await asyncio.wait([task], timeout=0.2)
            task.cancel()
            await task
        finally:
            await chosen.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(leave())
