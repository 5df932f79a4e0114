"""A provider that is down is left alone by all processes together, and probed by one of them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings

from agentplatform.core.wait import wait_for
from tests.provider import Provider
from tests.provider.process import ROOT

pytestmark = pytest.mark.django_db


def count(provider: Provider, model: str) -> int:
    counts: dict[str, int] = provider.requests()["by_model"]
    return counts.get(model, 0)


@contextmanager
def users(provider: Provider, model: str, number: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """So many processes that use one breaker."""
    module = "tests.integration.gateway.breaker_user"
    command = [sys.executable, "-m", module, settings.REDIS_URL, provider.openai_base_url, model]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        yield [
            stack.enter_context(subprocess.Popen(command, cwd=ROOT, **pipes)) for _ in range(number)
        ]


def ask(processes: "list[subprocess.Popen[str]]", calls: int) -> int:
    """Let each process make so many calls, all at the same time; how many were let through."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{calls}\n")
        process.stdin.flush()
    passed = 0
    for process in processes:
        assert process.stdout is not None
        passed += int(process.stdout.readline())
    return passed


def open_for_all(processes: "list[subprocess.Popen[str]]") -> None:
    """Have one of them open the breaker, and all know of it."""
    assert ask(processes[:1], 8) == 8
    wait_for(lambda: ask(processes, 1) == 0, timeout_seconds=10, what="all to know")


def is_half_open(model: str) -> bool:
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        until = client.hget(f"breaker:{{circuits}}:openai::{model}", "until")
        seconds, microseconds = client.time()
        return until is not None and float(str(until)) <= seconds * 1000 + microseconds / 1000


def test_of_eight_processes_exactly_one_probes(provider: Provider) -> None:
    provider.reset()
    model = f"gpt-error-503-latency-300-tag-{uuid4().hex}"
    with users(provider, model, 8) as processes:
        open_for_all(processes)
        before = count(provider, model)
        for probes in range(3):
            wait_for(lambda: is_half_open(model), timeout_seconds=10, what="the interval")
            assert ask(processes, 5) == 1
            assert count(provider, model) == before + 1 + probes
        provider.control(model=model, behaviour="gpt-latency-300")
        wait_for(lambda: is_half_open(model), timeout_seconds=10, what="the interval")
        assert ask(processes, 5) == 1
        assert not is_half_open(model)
        wait_for(lambda: ask(processes, 1) == 8, timeout_seconds=10, what="all to know")
    assert count(provider, model) >= before + 4 + 8


@pytest.mark.thorough
def test_in_an_outage_eight_processes_send_one_probe_an_interval(provider: Provider) -> None:
    provider.reset()
    model = f"gpt-error-503-tag-{uuid4().hex}"
    with users(provider, model, 8) as processes:
        open_for_all(processes)
        before = count(provider, model)
        began = time.monotonic()
        rounds = 0
        while time.monotonic() - began < 3:
            ask(processes, 20)
            rounds += 1
        intervals = (time.monotonic() - began) / 0.5
    probes = count(provider, model) - before
    assert 1 <= probes <= intervals + 1, f"{rounds} rounds of 160 calls"


def test_a_dead_prober_frees_the_probe(provider: Provider) -> None:
    provider.reset()
    model = f"gpt-error-503-tag-{uuid4().hex}"
    with users(provider, model, 2) as (one, other):
        assert ask([one], 8) == 8
        wait_for(lambda: is_half_open(model), timeout_seconds=10, what="the interval")
        provider.control(model=model, behaviour="gpt-no-answer")
        assert one.stdin is not None
        one.stdin.write("1\n")
        one.stdin.flush()
        wait_for(lambda: count(provider, model) == 9, timeout_seconds=10, what="the probe")
        one.kill()
        provider.control(model=model, behaviour="gpt")
        assert ask([other], 1) == 0
        wait_for(lambda: ask([other], 1) == 1, timeout_seconds=20, what="the next probe")
