"""Both doors of the gateway under kills and crashes: no limit is passed at any instant, and in the
end each bill of the provider stands in the ledger once. `make chaos` takes the long form."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError

from agentplatform.core.clock import now
from agentplatform.core.connections import brief_connection
from agentplatform.core.wait import wait_for
from apps.gateway.models import LlmCall, LlmEvent
from apps.gateway.services.expire_reservations import expire_reservations
from apps.tenants.facade import set_budget
from apps.tenants.models import Account
from tests.chaos.audit_money import money_problems
from tests.chaos.gateway_processes import (
    DEADLINE_SECONDS,
    Callers,
    GatewayProcesses,
    gateway_clients,
    gateway_processes,
    repeated,
)
from tests.chaos.passing import pass_time
from tests.chaos.servers import Servers, disconnect
from tests.integration.gateway.calls import Work, start_work
from tests.provider import Provider

IS_LONG = os.environ.get("CHAOS") == "long"
ROUNDS = 12 if IS_LONG else 1
ROUND_SECONDS = 8.0
KILL_EVERY_SECONDS = 0.08
CALLERS, DOORS, WORKERS, PLANNED = 8, 8, 4, 60
ROOM = 600
"""Tokens that are left at most: of some eight calls."""
MANY_NANOS = 10**12
FAULTS: dict[float, Callable[[Servers], None]] = {
    0.2: Servers.flush_valkey,
    0.4: Servers.restart_valkey,
    0.7: Servers.crash_postgres,
}
"""By the share of a round after which it comes."""


_PAST = """select kind, unit, posted, reserved, hard_limit from accounts
where posted + reserved > hard_limit or reserved < 0"""
EVERY_SECONDS = 0.01


class Sampler:
    """Looks at the accounts all the time, in a thread of its own: `past` are those that were ever
    beyond their limit."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.looks = 0
        self.past: list[Any] = []

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            with suppress(psycopg.OperationalError):
                self._look_on()

    def _look_on(self) -> None:
        """Until told to stop. Raises OperationalError when the database goes away."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stopping.wait(EVERY_SECONDS):
                self.past += connection.execute(_PAST).fetchall()
                self.looks += 1


@pytest.mark.timeout(900)
def test_no_limit_is_passed_and_each_bill_is_booked_once(
    servers: Servers, provider: Provider, place: dict[str, str], tmp_path: Path
) -> None:
    provider.control(behaviour="tokens-40-latency-150")
    work = start_work(token_budget=ROOM, usd_nanos=MANY_NANOS)
    for index in range(PLANNED * ROUNDS):
        work.plan(index=index, max_tokens=60)
    with (
        gateway_processes(place, tmp_path / "log", doors=DOORS, workers=WORKERS) as processes,
        gateway_clients(work, processes, max_tokens=60) as client,
        Sampler(servers.postgres.url) as sampler,
    ):
        callers = Callers(client, CALLERS)
        callers.start()
        try:
            for _ in range(ROUNDS):
                _have_a_round(servers, processes, work)
        finally:
            callers.stop()
        _await_end(provider)
        processes.end()
    expired = expire_reservations(at=now() + timedelta(hours=1))
    outcomes = callers.outcomes
    print(f"{processes.killed} killed, {expired} attempts lost; calls: {dict(outcomes)}")
    assert sampler.past == []
    assert sampler.looks > 100 * ROUNDS
    assert processes.fallen == 0
    deaths = processes.killed + outcomes["broken"]
    assert not list(money_problems(provider, deaths=deaths, given_back=0))
    lost = LlmEvent.objects.filter(is_confirmed=False)
    assert set(lost.values_list("error_code", flat=True)) <= {"worker_lost"}
    assert LlmEvent.objects.filter(status="success").exists()
    assert outcomes["500"] == 0
    assert callers.longest_seconds < DEADLINE_SECONDS + 10


def test_processes_that_are_told_to_stop_under_load_settle_all_they_have_taken(
    provider: Provider, place: dict[str, str], tmp_path: Path
) -> None:
    provider.control(behaviour="tokens-40-latency-150")
    work = start_work()
    with (
        gateway_processes(place, tmp_path / "log", doors=2, workers=0) as processes,
        gateway_clients(work, processes, max_tokens=60) as client,
    ):
        callers = Callers(client, CALLERS)
        callers.start()
        try:
            wait_for(lambda: provider.billed(), timeout_seconds=20, what="the first answers")
            processes.end()
        finally:
            callers.stop()
    assert processes.fallen == 0
    assert set(callers.outcomes) == {"whole", "broken"}
    assert callers.outcomes["whole"] == len(provider.billed())
    assert not list(money_problems(provider, deaths=0, given_back=0))


def _have_a_round(servers: Servers, processes: GatewayProcesses, work: Work) -> None:
    """A process dies every KILL_EVERY_SECONDS, and each server once; the limit is raised bit by
    bit, so that calls race for what is left of it."""
    began = time.monotonic()
    limit = _Limit(work)
    with repeated(processes.kill, every_seconds=KILL_EVERY_SECONDS), repeated(limit.lift):
        for share, fault in FAULTS.items():
            _sleep_until(servers, began + share * ROUND_SECONDS)
            fault(servers)
        _sleep_until(servers, began + ROUND_SECONDS)
    servers.await_postgres()
    disconnect()


def _sleep_until(servers: Servers, moment: float) -> None:
    def is_time() -> bool:
        servers.tick()
        return time.monotonic() >= moment

    wait_for(is_time, timeout_seconds=60, every_seconds=0.02, what="the next fault")


class _Limit:
    """The limit of a tenant, that rises with what is used: ROOM is left at most. It never sinks."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._limit = ROOM

    def lift(self) -> None:
        try:
            with brief_connection():
                account = Account.objects.get(kind="tenant", unit="tokens")
                wanted = account.posted + account.reserved + ROOM
                if wanted > self._limit:
                    set_budget(
                        tenant_id=self._work.tenant_id,
                        token_limit=wanted,
                        usd_limit_nanos=MANY_NANOS,
                        at=now(),
                    )
                    self._limit = wanted
        except (DatabaseError, Account.DoesNotExist):
            disconnect()


def _await_end(provider: Provider) -> None:
    """Until every planned call has ended, whoever held it, and nobody is asked any more."""
    wait_for(lambda: provider.requests()["in_flight"] == 0, timeout_seconds=30, what="the provider")
    pass_time()
    unfinished = LlmCall.objects.filter(status__in=("QUEUED", "RUNNING"))
    wait_for(lambda: not unfinished.exists(), timeout_seconds=60, what="the planned calls")
