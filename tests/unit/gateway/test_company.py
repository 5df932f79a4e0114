"""Answers of one message that wait for each other, but not long."""

import asyncio

import pytest

from apps.gateway.services import company
from apps.gateway.services.company import Company


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits in vain waits longer than the test's patience."""
    monkeypatch.setattr(company, "PATIENCE_SECONDS", 3600)


async def join(size: int, *, times: int) -> None:
    met = Company(size)
    await asyncio.wait_for(asyncio.gather(*(met.join() for _ in range(times))), 60)


@pytest.mark.usefixtures("patient")
def test_one_alone_goes_on_at_once() -> None:
    asyncio.run(join(1, times=1))


@pytest.mark.usefixtures("patient")
def test_those_that_come_together_go_on_together() -> None:
    asyncio.run(join(3, times=3))


def test_nobody_waits_long_for_one_that_is_late() -> None:
    asyncio.run(join(3, times=2))
