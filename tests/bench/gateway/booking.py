"""What the books cost: a call's amounts held and settled, all calls on one tenant's accounts."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import uvloop

from tests.bench.bars import Measured
from tests.bench.engine.bench import Bench

AT_ONCE = 64
CALLS = 20_000
ACCOUNTS = 4
"""Tokens and USD, of the tenant and of the key."""


def measure_booking(bench: Bench, rounds: int) -> Iterator[Measured]:
    """Calls a second, and this process's processor time for each, its load included."""
    rates, costs = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        uvloop.run(_book(bench))
        rates.append(CALLS / (time.perf_counter() - began))
        costs.append((time.process_time() - used) / CALLS * 1000)
    what = f"reserve + settle, {ACCOUNTS} accounts, c={AT_ONCE}"
    yield Measured(
        name=what, measured=statistics.median(rates), unit="calls/s", bar=8_000, is_minimum=True
    )
    yield Measured(name=f"CPU, {what}", measured=statistics.median(costs), unit="ms", bar=0.06)


async def _book(bench: Bench) -> None:
    from agentplatform.core.clock import now
    from apps.gateway.services.books import Books
    from apps.tenants.facade import Rooms, authenticate

    rooms, books = Rooms(), Books()
    caller = await asyncio.to_thread(authenticate, raw=bench.api_key, at=now())
    found = await rooms.read(
        tenant_id=caller.tenant_id, run_id=None, api_key_id=caller.api_key_id, at=now()
    )
    if len(found.accounts) != ACCOUNTS:
        raise RuntimeError(f"a call has {len(found.accounts)} accounts")
    lines = tuple((one.account_id, 400) for one in found.accounts)
    left = iter(range(CALLS))

    async def work() -> None:
        for _ in left:
            await _book_one(books, caller, lines)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await rooms.close()
    await books.close()


async def _book_one(books: Any, caller: Any, lines: tuple[tuple[int, int], ...]) -> None:
    from agentplatform.core.clock import now
    from agentplatform.core.ids import new_id
    from apps.gateway.contracts import Usage
    from apps.gateway.services.attempt import Attempt, CallOwner
    from apps.gateway.services.endings import Ending
    from apps.gateway.states import ATTEMPT_SUCCESS
    from apps.tenants.contracts import Admission

    at, call_id, attempt_id = now(), new_id(), new_id()
    refused_by = await books.admit(
        Admission(
            attempt_id=attempt_id,
            tenant_id=caller.tenant_id,
            call_id=call_id,
            run_id=None,
            lines=lines,
            tokens=400,
            cost_nanos=400,
            deadline=at + timedelta(seconds=60),
            memo={"provider": "openai", "model": "gpt-4o-mini"},
        ),
        at=at,
    )
    assert refused_by is None
    attempt = Attempt(
        attempt_id=attempt_id,
        provider="openai",
        model="gpt-4o-mini",
        status=ATTEMPT_SUCCESS,
        charged=Usage(prompt_tokens=20, completion_tokens=256),
        cost_nanos=157,
        is_confirmed=True,
        latency_ms=50,
        previous_provider="",
    )
    owner = CallOwner(call_id=call_id, tenant_id=caller.tenant_id, api_key_id=caller.api_key_id)
    await books.write(Ending(owner=owner, attempt=attempt, at=at))
