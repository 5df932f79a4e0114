"""A provider that is down is left alone, and found well again by one call."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from structlog.testing import capture_logs

from agentplatform.core.wait import wait_for
from agentplatform.telemetry.metrics import render_metrics
from apps.gateway.providers import errors
from apps.gateway.services.breaker.breakers import Breakers, Permit, Shut
from apps.gateway.services.breaker.local_circuits import LocalCircuits
from apps.gateway.services.breaker.rules import Rules
from apps.gateway.services.breaker.shared_circuits import SharedCircuits
from apps.gateway.services.breaker.target_breaker import Subject
from tests.integration.gateway.calls import assert_settled, events, start_work
from tests.provider import Provider

pytestmark = pytest.mark.django_db
Gateway = Callable[..., None]
RULES = Rules(window_ms=60_000, least_calls=4, failure_rate=0.5, open_ms=60_000)
DOWN = errors.ProviderUnavailable("down")
AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture
def dead() -> str:
    """The name of a model of its own that is down."""
    return f"gpt-error-503-tag-{uuid4().hex}"


def count(provider: Provider, model: str) -> int:
    counts: dict[str, int] = provider.requests()["by_model"]
    return counts.get(model, 0)


def test_a_dead_primary_sees_the_threshold_and_callers_go_to_the_next(
    gateway: Gateway, provider: Provider, dead: str
) -> None:
    gateway(openai_model=dead, breaker_least_calls=4, breaker_open_seconds=600)
    work = start_work()
    outcomes = [work.complete(index=number) for number in range(6)]
    assert count(provider, dead) == 4
    assert {one.summary["provider"] for one in outcomes} == {"anthropic"}
    assert all(one.summary["fallback"] for one in outcomes)
    assert events(work)[-1] == ("anthropic", "success", "")
    assert_settled(work)


def test_after_the_interval_one_call_probes_and_closes_it(
    gateway: Gateway, provider: Provider, dead: str
) -> None:
    gateway(openai_model=dead, breaker_least_calls=2, breaker_open_seconds=0.3)
    work = start_work()
    numbers = iter(range(100_000))
    work.complete(index=next(numbers))
    tries = count(provider, dead)
    provider.control(model=dead, behaviour="ok")
    outcome = wait_for(
        lambda: (
            (found := work.complete(index=next(numbers))).summary["provider"] == "openai" and found
        ),
        timeout_seconds=20,
        what="the probe",
    )
    assert outcome.failure is None
    assert count(provider, dead) == tries + 1
    assert work.complete(index=next(numbers)).summary["provider"] == "openai"


def test_without_another_target_the_call_fails_at_once_and_says_until_when(
    gateway: Gateway, provider: Provider, dead: str
) -> None:
    gateway(on="openai", openai_model=dead, breaker_least_calls=2, breaker_open_seconds=600)
    work = start_work()
    first, second = work.complete(index=0), work.complete(index=1)
    assert first.failure is not None
    assert first.failure.code == "providers_failed"
    assert second.failure is not None
    assert (second.failure.code, second.failure.is_retryable) == ("circuit_open", True)
    assert "it failed too often; it is tried again at 20" in second.failure.detail
    assert count(provider, dead) == 2
    assert_settled(work)


def test_a_refused_key_opens_it_and_says_so(gateway: Gateway, provider: Provider) -> None:
    model = f"gpt-error-401-tag-{uuid4().hex}"
    gateway(on="openai", openai_model=model, breaker_open_seconds=600)
    work = start_work()
    with capture_logs() as lines:
        outcomes = [work.complete(index=number) for number in range(5)]
    assert count(provider, model) == 3
    assert outcomes[-1].failure is not None
    assert "it refuses our key" in outcomes[-1].failure.detail
    (line,) = (line for line in lines if line["event"] == "breaker.opened")
    assert (line["provider"], line["model"], line["cause"]) == ("openai", model, "account")


def test_wrong_requests_and_rate_limits_open_nothing(gateway: Gateway, provider: Provider) -> None:
    model = f"gpt-error-400-tag-{uuid4().hex}"
    gateway(openai_model=model, breaker_least_calls=1)
    work = start_work()
    for number in range(4):
        work.complete(index=number)
    assert count(provider, model) == 4


def test_the_gauge_tells_the_worst_state_of_a_provider(gateway: Gateway, dead: str) -> None:
    gateway(on="openai", openai_model=dead, breaker_least_calls=1, breaker_open_seconds=600)
    start_work().complete()
    assert 'llm_circuit_breaker_state{provider="openai"} 2.0' in render_metrics().decode()


def with_breakers(
    work: Callable[[Breakers], Coroutine[Any, Any, None]], *, url: str | None = None
) -> None:
    async def run() -> None:
        breakers = Breakers(SharedCircuits(url or settings.REDIS_URL), lambda: RULES)
        try:
            await work(breakers)
        finally:
            await breakers.close()

    asyncio.run(run())


async def fail(breakers: Breakers, subject: Subject, times: int) -> None:
    for _ in range(times):
        permit = await breakers.enter(subject)
        assert isinstance(permit, Permit)
        permit.report(DOWN)


async def until_shut(breakers: Breakers, subject: Subject) -> Shut:
    async with asyncio.timeout(10):
        while isinstance(found := await breakers.enter(subject), Permit):
            found.release()
            await asyncio.sleep(0)
    return found


def new_subject(**more: str) -> Subject:
    return Subject(provider="openai", model=str(uuid4()), **more)


def test_one_process_opens_it_for_another() -> None:
    subject = new_subject()

    async def run(breakers: Breakers) -> None:
        await fail(breakers, subject, 4)
        await until_shut(breakers, subject)

    with_breakers(run)

    async def look(breakers: Breakers) -> None:
        assert isinstance(await breakers.enter(subject), Shut)

    with_breakers(look)


def test_a_tenants_bad_key_opens_nothing_for_others() -> None:
    theirs = new_subject(key_id="k1")
    ours = Subject(provider=theirs.provider, model=theirs.model)

    async def run(breakers: Breakers) -> None:
        for _ in range(3):
            permit = await breakers.enter(theirs)
            assert isinstance(permit, Permit)
            permit.report(errors.AuthenticationFailed("no"))
        assert (await until_shut(breakers, theirs)).cause == "account"
        assert isinstance(await breakers.enter(ours), Permit)

    with_breakers(run)


def test_a_closed_circuit_costs_calls_no_command() -> None:
    commands = 0

    class Counted(LocalCircuits):
        async def exchange(self, *arguments: Any, **more: Any) -> Any:
            nonlocal commands
            commands += 1
            return await super().exchange(*arguments, **more)

    async def run() -> None:
        breakers = Breakers(Counted(), lambda: RULES)
        subject = new_subject()
        for _ in range(10_000):
            permit = await breakers.enter(subject)
            assert isinstance(permit, Permit)
            permit.report(None)
        await breakers.close()

    asyncio.run(run())
    assert commands < 20


def test_closing_ends_though_the_client_of_valkey_loses_a_cancellation() -> None:
    class Deaf(LocalCircuits):
        async def exchange(self, *arguments: Any, **more: Any) -> Any:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
            return await super().exchange(*arguments, **more)

    async def run() -> None:
        breakers = Breakers(Deaf(), lambda: RULES)
        permit = await breakers.enter(new_subject())
        assert isinstance(permit, Permit)
        permit.report(DOWN)
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await breakers.close()

    asyncio.run(run())


def test_without_valkey_a_process_decides_alone() -> None:
    subject = new_subject()

    async def run(breakers: Breakers) -> None:
        await fail(breakers, subject, 4)
        assert (await until_shut(breakers, subject)).left_seconds > 50

    with capture_logs() as lines:
        with_breakers(run, url=AWAY)
    assert [line["event"] for line in lines] == ["breaker.alone", "breaker.opened"]


def test_what_was_open_stays_open_when_valkey_goes() -> None:
    subject = new_subject()

    async def run() -> None:
        shared = SharedCircuits(settings.REDIS_URL)
        breakers = Breakers(shared, lambda: RULES)
        await fail(breakers, subject, 4)
        await until_shut(breakers, subject)
        await shared.close()
        breakers._shared = away = SharedCircuits(AWAY)
        async with asyncio.timeout(10):
            while not breakers._is_alone:
                await asyncio.sleep(0.01)
        assert isinstance(await breakers.enter(subject), Shut)
        await breakers.close()
        await away.close()

    asyncio.run(run())
