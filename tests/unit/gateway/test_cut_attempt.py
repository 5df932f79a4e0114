"""What is charged for an answer that was cut, of which nobody knows what it cost."""

from datetime import date
from typing import cast
from uuid import uuid4

import pytest

from apps.gateway.contracts import CacheTime, CompletionRequest, Message, Usage
from apps.gateway.providers.errors import ConnectionLost
from apps.gateway.providers.port import Provider
from apps.gateway.services.attempt import Held, failed
from apps.gateway.services.hold import plan_hold
from apps.gateway.services.price_list import Price, Tariff
from apps.gateway.services.routes import Target

HAIKU = Tariff(
    (
        Price(
            provider="anthropic",
            model="claude-haiku-4-5",
            since=date(2025, 10, 15),
            input_rate=10**9,
            output_rate=5 * 10**9,
            cache_write_rate=125 * 10**7,
        ),
    )
)


class _Named:
    name = "anthropic"


def held(ends_cache: CacheTime | None) -> Held:
    message = Message(role="user", content="Hi", ends_cache=ends_cache)
    hold = plan_hold(
        CompletionRequest(messages=(message,)), prompt_tokens=100, price=HAIKU, accounts=[]
    )
    return Held(
        attempt_id=uuid4(),
        target=Target(cast(Provider, _Named()), "claude-haiku-4-5"),
        hold=hold,
        price=HAIKU,
        previous_provider="",
    )


@pytest.mark.parametrize(("ends_cache", "prompt_nanos"), [(None, 1_000), ("1h", 2_000)])
def test_a_prompt_that_may_have_been_cached_for_an_hour_is_charged_as_if_it_was(
    ends_cache: CacheTime | None, prompt_nanos: int
) -> None:
    attempt = failed(held(ends_cache), ConnectionLost("cut"), latency_ms=1, said_tokens=7)
    assert attempt.cost_nanos == 100 * prompt_nanos + 7 * 5_000


def test_a_prompt_that_the_provider_had_counted_is_charged_as_it_was() -> None:
    prompt = Usage(
        prompt_tokens=60, completion_tokens=1, cache_write_tokens=50, cache_write_hour_tokens=20
    )
    attempt = failed(held("1h"), ConnectionLost("cut"), latency_ms=1, said_tokens=7, prompt=prompt)
    assert attempt.charged == prompt.model_copy(update={"completion_tokens": 7})
    assert attempt.cost_nanos == 10 * 1_000 + 30 * 1_250 + 20 * 2_000 + 7 * 5_000
    assert not attempt.is_confirmed
