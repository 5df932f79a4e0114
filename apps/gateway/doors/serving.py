"""A call over HTTP from its request to its settlement, in whatever form a client reads."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from apps.gateway.contracts import ModelRequest
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.refusals import refusal_of_error, refusal_of_failure
from apps.gateway.doors.stream_teller import StreamTeller
from apps.gateway.doors.telling_headers import (
    answer_headers,
    budget_headers,
    call_headers,
    target_headers,
)
from apps.gateway.services.attempt import Completed, Failed, Job
from apps.gateway.services.reception import Reception
from apps.gateway.services.telling import NoTeller
from apps.tenants.contracts import Principal

Work = asyncio.Task[Completed | Failed]


class Serving:
    """Of one request. Its methods raise PlatformError, Refusal, RateLimitReached and ClientGone
    before the answer has begun."""

    def __init__(self, exchange: Exchange, reception: Reception) -> None:
        self._exchange = exchange
        self._reception = reception
        self._began = time.monotonic()

    async def open(self, caller: Principal, request: ModelRequest) -> Job:
        """The call, with its accounts, counted by its rate limits."""
        job = self._reception.receive(caller, request)
        self._exchange.call_id = job.owner.call_id
        return await self._reception.open(job)

    async def reply(self, job: Job, render: Callable[[Job, Completed], dict[str, Any]]) -> None:
        """The whole answer. A client that leaves changes nothing: the provider bills what it was
        asked, and its exact usage is charged."""
        outcome = await self._reception.answer(job, teller=NoTeller())
        if isinstance(outcome, Failed):
            raise refusal_of_failure(outcome.failure)
        try:
            told = answer_headers(job, outcome, seconds=time.monotonic() - self._began)
            await self._exchange.reply(render(job, outcome), headers=[*call_headers(job), *told])
        finally:
            await self._reception.settle(job, outcome)

    async def stream(self, job: Job, teller: StreamTeller) -> None:
        """The answer in events. When the client leaves, the provider's answer is given up at once,
        and what had come of it is charged."""
        work = asyncio.create_task(self._reception.answer(job, teller=teller))
        work.add_done_callback(lambda _: teller.wake())
        settling = asyncio.create_task(self._settle(job, work))
        watch = asyncio.create_task(self._leave_when_gone(teller, work))
        try:
            await self._send_events(job, teller, work)
        finally:
            watch.cancel()
            work.cancel()
            await settling

    async def _send_events(self, job: Job, teller: StreamTeller, work: Work) -> None:
        exchange = self._exchange
        while data := await teller.take():
            if not exchange.status:
                await self._start(job, teller)
            await exchange.send_events(data)
        try:
            outcome = await work
            if isinstance(outcome, Failed):
                raise refusal_of_failure(outcome.failure)
        except asyncio.CancelledError:
            return
        except Exception as error:
            if not exchange.status:
                raise
            await exchange.end_with(refusal_of_error(error))
            return
        if not exchange.status:
            await self._start(job, teller)
        await exchange.end_events(teller.finish(outcome.completion.usage))

    async def _start(self, job: Job, teller: StreamTeller) -> None:
        target = teller.target
        assert target is not None
        headers = [
            *call_headers(job),
            *target_headers(
                provider=target.provider.name,
                model=target.model,
                attempts=teller.attempts,
                is_fallback=teller.is_fallback,
            ),
            *budget_headers(job),
        ]
        await self._exchange.start_events(headers=headers)

    async def _settle(self, job: Job, work: Work) -> None:
        """Once there is an answer, however long the client takes to read it."""
        with suppress(asyncio.CancelledError, Exception):
            outcome = await work
            if isinstance(outcome, Completed):
                await self._reception.settle(job, outcome)

    async def _leave_when_gone(self, teller: StreamTeller, work: Work) -> None:
        """Give up what a provider is asked; a booking that is under way ends first, so that it is
        taken back and not left to expire."""
        await self._exchange.wait_until_gone()
        teller.is_left = True
        if teller.is_asking:
            work.cancel()
