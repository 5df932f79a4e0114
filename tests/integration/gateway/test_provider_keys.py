"""Keys and addresses of providers that change while calls run."""

import asyncio
import threading
from collections.abc import Callable
from contextvars import copy_context

import pytest
from pydantic import SecretStr

from agentplatform.calls.contracts import CallOutcome
from agentplatform.core.wait import wait_for
from apps.gateway.providers import errors
from tests.integration.gateway.calls import start_work
from tests.integration.gateway.provider_calls import make
from tests.integration.gateway.scripted_calls import outcome
from tests.integration.gateway.scripted_server import Asked, as_json, scripted_server
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]
KEY = "a-key-of-some-length"
BOTH = pytest.mark.parametrize("name", ["openai", "anthropic"])


def test_a_new_key_is_used_by_the_next_call(gateway: Gateway) -> None:
    gateway(on="openai")
    assert start_work().complete().failure is None
    gateway(on="openai", openai_api_key=SecretStr("invalid"))
    failure = start_work().complete().failure
    assert failure is not None
    assert "authentication_failed" in failure.detail
    gateway(on="openai", openai_api_key=SecretStr("renewed"))
    assert start_work().complete().failure is None


def test_a_provider_that_gets_its_first_key_is_turned_on(gateway: Gateway) -> None:
    gateway(on="openai")
    start_work().complete()
    gateway(on="anthropic")
    assert start_work().complete().summary["provider"] == "anthropic"


def test_a_call_in_flight_finishes_with_the_key_it_began_with(
    gateway: Gateway, provider: Provider
) -> None:
    gateway(on="openai", openai_model="ok-latency-1500")
    outcomes: list[CallOutcome] = []
    work = start_work()
    call = threading.Thread(
        target=copy_context().run, args=(lambda: outcomes.append(work.complete()),)
    )
    call.start()
    wait_for(
        lambda: provider.requests()["in_flight"], timeout_seconds=10, what="the call to be asked"
    )
    gateway(on="openai", openai_model="ok", openai_api_key=SecretStr("renewed"))
    assert start_work().complete().summary["model"] == "ok"
    assert call.is_alive()
    call.join()
    assert outcomes[0].failure is None
    assert outcomes[0].summary["model"] == "ok-latency-1500"


@BOTH
@pytest.mark.parametrize("status", ["401 Unauthorized", "500 Oops", "302 Found"])
def test_an_error_that_repeats_the_key_is_told_without_it(name: str, status: str) -> None:
    told = {"error": {"message": f"Incorrect key: {KEY}"}}
    headers = f"Location: http://x/?key={KEY}\r\n"

    async def echo(asked: Asked, writer: asyncio.StreamWriter) -> None:
        assert KEY in asked.headers["authorization"]
        writer.write(as_json(told, status=status, headers=headers))

    async def run() -> errors.ProviderError:
        async with scripted_server(echo) as server:
            chosen = make(server.provider, name, key=KEY)
            try:
                found = await outcome(chosen)
            finally:
                await chosen.close()
        assert isinstance(found, errors.ProviderError)
        return found

    error = asyncio.run(run())
    assert KEY not in str(error)
    assert "[masked]" in str(error)
