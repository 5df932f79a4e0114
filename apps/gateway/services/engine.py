"""One event loop per process for all model calls, with its providers and its booking connection."""

import asyncio
import os
import random
import threading
import time
from datetime import datetime
from typing import Any, cast

from django.conf import settings

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.connections import brief_connection
from agentplatform.core.tenancy import tenant_scope
from apps.gateway.services.attempt import Attempt, Completed, Failed, Job
from apps.gateway.services.live_providers import LiveProviders
from apps.gateway.services.pipeline import Course, Ports
from apps.gateway.services.record_attempt import record_attempt
from apps.gateway.services.routes import NoRoute, targets_of
from apps.gateway.services.tell_deltas import DeltaTellers
from apps.gateway.services.telling import NoTeller, Teller
from apps.tenants.contracts import AccountRoom, Admission
from apps.tenants.facade import Books, spending_accounts


class Engine:
    """Runs calls on an event loop of its own; any thread may hand one in and wait for it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)
        self._thread.start()
        self._providers = LiveProviders()
        self._books = Books()
        self._tellers = DeltaTellers(settings.REDIS_URL)
        self._calls: set[asyncio.Task[Any]] = set()

    def complete(self, job: Job) -> Completed | Failed:
        """The outcome of the call; blocks the calling thread and nothing else. Raises
        concurrent.futures.CancelledError once the call was abandoned."""
        return asyncio.run_coroutine_threadsafe(self._complete(job), self._loop).result()

    def abandon(self) -> None:
        """Stop waiting for the calls of the moment. What a provider may bill is booked."""
        self._loop.call_soon_threadsafe(self._cancel_calls)

    def close(self) -> None:
        """Give up every connection and stop the loop."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _cancel_calls(self) -> None:
        for call in self._calls:
            call.cancel()

    async def _complete(self, job: Job) -> Completed | Failed:
        call = cast("asyncio.Task[Any]", asyncio.current_task())
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        platform = settings.PLATFORM.model_copy()
        async with self._providers.lend(platform) as providers:
            try:
                targets = targets_of(job.request, providers=providers)
            except NoRoute as error:
                failure = CallFailure(code=error.code, detail=error.detail, is_retryable=False)
                return Failed(failure)
            teller = self._teller(job)
            course = Course(
                job=job,
                targets=targets,
                ports=self._ports(),
                deadline_seconds=platform.call_deadline_seconds,
                teller=teller,
            )
            try:
                return await course.run()
            finally:
                await teller.close()

    def _teller(self, job: Job) -> Teller:
        return self._tellers.teller(job.owner) if job.request.is_streamed else NoTeller()

    def _ports(self) -> Ports:
        return Ports(
            admit=self._admit,
            read_accounts=_read_accounts,
            record=_record,
            sleep=asyncio.sleep,
            monotonic=time.monotonic,
            jitter=random.random,
        )

    async def _admit(self, admission: Admission, at: datetime) -> int | None:
        return await self._books.admit(admission, at=at)

    async def _close(self) -> None:
        await self._books.close()
        await self._tellers.close()
        await self._providers.close()


async def _read_accounts(job: Job) -> tuple[AccountRoom, ...]:
    def read() -> tuple[AccountRoom, ...]:
        with brief_connection(), tenant_scope(job.owner.tenant_id):
            return spending_accounts(
                tenant_id=job.owner.tenant_id, run_id=job.owner.run_id, at=job.at
            )

    return await asyncio.to_thread(read)


async def _record(job: Job, attempt: Attempt, at: datetime) -> None:
    def write() -> None:
        with brief_connection(), tenant_scope(job.owner.tenant_id):
            record_attempt(owner=job.owner, attempt=attempt, at=at)

    await asyncio.to_thread(write)


_engine: Engine | None = None
_lock = threading.Lock()


def engine() -> Engine:
    """This process's engine, started on first use."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = Engine()
        return _engine


def reset_engine() -> None:
    """Close this process's engine; the next use starts another, from the settings of then."""
    global _engine
    with _lock:
        held, _engine = _engine, None
    if held is not None:
        held.close()


def abandon_calls() -> None:
    """Abandon the calls of this process's engine, if it has one."""
    with _lock:
        held = _engine
    if held is not None:
        held.abandon()


def _forget_engine() -> None:
    """A fork has the parent's connections but not its loop's thread: it starts its own."""
    global _engine, _lock
    _engine, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_engine)
