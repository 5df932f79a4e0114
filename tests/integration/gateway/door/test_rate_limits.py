"""Rate limits at the HTTP door: what is told, and what is refused."""

from collections.abc import Callable
from typing import Any

import openai
import pytest

from agentplatform.core.clock import now
from apps.tenants.contracts import EACH_USER, OWN_RATE, Rate, RateOwner
from apps.tenants.models import Reservation
from apps.tenants.services.rate_limit import set_rate_limit
from tests.integration.gateway.door.serving import Caller, Server
from tests.provider import Provider
from tests.provider.contract import validate_openai

pytestmark = pytest.mark.django_db(transaction=True)


def _limit(client: Caller, owner: RateOwner = OWN_RATE, **rate: Any) -> None:
    values = {"requests_per_minute": None, "tokens_per_minute": None} | rate
    set_rate_limit(tenant_id=client.tenant_id, owner=owner, rate=Rate(**values), at=now())


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_what_is_left_is_told_with_every_answer(client: Caller, stream: bool) -> None:
    _limit(client, requests_per_minute=10, tokens_per_minute=100_000)
    headers = client.chat(stream=stream, max_tokens=100).headers
    assert headers["x-ratelimit-limit-requests"] == "10"
    assert headers["x-ratelimit-remaining-requests"] == "9"
    assert headers["x-ratelimit-reset-requests"].endswith("s")
    assert headers["x-ratelimit-limit-tokens"] == "100000"
    assert 99_000 < int(headers["x-ratelimit-remaining-tokens"]) < 100_000
    assert "retry-after" not in headers


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_beyond_the_limit_a_call_is_refused_and_told_when_to_come_back(
    client: Caller, provider: Provider, stream: bool
) -> None:
    _limit(client, requests_per_minute=1)
    assert client.chat().status_code == 200
    refused = client.chat(stream=stream)
    assert refused.status_code == 429
    validate_openai("ErrorResponse", refused.json())
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("requests", "rate_limit_exceeded")
    assert "1 requests a minute" in error["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 62
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.headers["x-agentplatform-call-id"]
    assert len(provider.billed()) == 1


def test_a_refused_call_holds_nothing(client: Caller, server: Server) -> None:
    _limit(client, requests_per_minute=1)
    client.chat()
    client.chat()
    server.stop()
    assert not Reservation.objects.exists()


def test_the_official_client_raises_what_it_raises_at_openai(client: Caller) -> None:
    _limit(client, requests_per_minute=1)
    messages: Any = [{"role": "user", "content": "Hello."}]
    client.sdk().chat.completions.create(model="default", messages=messages)
    with pytest.raises(openai.RateLimitError) as caught:
        client.sdk().chat.completions.create(model="default", messages=messages)
    assert caught.value.code == "rate_limit_exceeded"


def test_a_call_larger_than_the_token_limit_is_not_worth_coming_again(client: Caller) -> None:
    _limit(client, tokens_per_minute=50)
    refused = client.chat(max_tokens=500)
    assert refused.status_code == 429
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers


def test_an_image_takes_of_a_token_limit_what_its_model_may_count_for_it(client: Caller) -> None:
    _limit(client, tokens_per_minute=30_000)

    def see(model: str, detail: str) -> int:
        image = {"url": "https://example.com/a.png", "detail": detail}
        content = [{"type": "image_url", "image_url": image}]
        messages = [{"role": "user", "content": content}]
        return client.chat(model=model, messages=messages, max_tokens=50).status_code

    assert see("gpt-4o-mini", "auto") == 429  # up to 48,169 tokens
    assert [see("gpt-4o-mini", "low"), see("gpt-4o", "auto")] == [200, 200]


@pytest.mark.parametrize("whose", ["user", "key"])
def test_users_and_keys_are_limited_each_by_itself(
    caller: Callable[..., Caller], gateway: Callable[..., None], whose: str
) -> None:
    gateway(openai_model="gpt-4o-mini")
    client = caller(has_user=True)
    owner = EACH_USER if whose == "user" else RateOwner(api_key_id=client.api_key_id)
    _limit(client, owner, requests_per_minute=1)
    assert [client.chat().status_code for _ in range(2)] == [200, 429]
    assert caller(has_user=True).chat().status_code == 200
