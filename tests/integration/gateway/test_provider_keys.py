"""Keys and addresses of providers that change while calls run."""

import threading
from collections.abc import Callable
from contextvars import copy_context

import pytest
from pydantic import SecretStr

from agentplatform.calls.contracts import CallOutcome
from agentplatform.core.wait import wait_for
from tests.integration.gateway.calls import start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)
Gateway = Callable[..., None]


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
