"""A call over HTTP from its request to its settlement, in whatever form a client reads."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from apps.gateway.contracts import ModelRequest
from apps.gateway.doors.exchange import EVENTS, JSON, Exchange, Headers
from apps.gateway.doors.once import claim_once, kept_answer
from apps.gateway.doors.refusals import refusal_of_error, refusal_of_failed, stopping
from apps.gateway.doors.stream_teller import StreamTeller
from apps.gateway.doors.telling_headers import (
    answer_headers,
    budget_headers,
    call_headers,
    target_headers,
)
from apps.gateway.providers.json_body import encode_json
from apps.gateway.services.attempt import Completed, Failed, Job
from apps.gateway.services.reception import Reception
from apps.gateway.services.telling import NoTeller
from apps.tenants.contracts import Principal

KEEP_SECONDS: Final = 0.2
"""How long the answer to a call with a key waits to be kept; then it goes out before that."""
Work = asyncio.Task[Completed | Failed]


class Serving:
    """Of one request. Its methods raise PlatformError, Refusal, RateLimitReached, ClientGone and
    Repeated before the answer has begun."""

    def __init__(self, exchange: Exchange, reception: Reception) -> None:
        self._exchange = exchange
        self._reception = reception
        self._began = time.monotonic()

    async def open(self, caller: Principal, request: ModelRequest) -> Job:
        """The call, with its accounts, counted by its rate limits. One that carries an
        Idempotency-Key is opened if no other that carries it was answered or is under way."""
        job = self._reception.receive(caller, request)
        self._exchange.call_id = job.owner.call_id
        if self._exchange.idempotency_key is None:
            return await self._reception.open(job)
        claim = await claim_once(self._exchange, job, self._reception.keyed)
        self._exchange.claim = claim
        job = await self._reception.open(job)
        await self._reception.keyed.mark_asked(claim)
        return job

    async def reply(self, job: Job, render: Callable[[Job, Completed], dict[str, Any]]) -> None:
        """The whole answer. A client that leaves changes nothing: the provider bills what it was
        asked, and its exact usage is charged."""
        settling: asyncio.Task[None] | None = None
        outcome = await self._reception.answer(job, teller=NoTeller())
        if isinstance(outcome, Failed):
            raise refusal_of_failed(outcome)
        try:
            told = answer_headers(job, outcome, seconds=time.monotonic() - self._began)
            headers = [JSON, *call_headers(job), *told]
            body = encode_json(render(job, outcome))
            if claim := self._exchange.claim:
                kept = kept_answer(200, headers, body)
                settling = asyncio.create_task(
                    self._reception.settle(job, outcome, keeping=(claim, kept))
                )
                await asyncio.wait({settling}, timeout=KEEP_SECONDS)
            await self._exchange.send_whole(body, status=200, headers=headers)
        finally:
            await (settling or self._reception.settle(job, outcome))

    async def stream(self, job: Job, teller: StreamTeller) -> None:
        """The answer in events. When the client leaves, the provider's answer is given up at once,
        and what had come of it is charged; with an Idempotency-Key it goes on to its end, for who
        asks again."""
        if self._exchange.claim:
            teller.keep_all()
        work = asyncio.create_task(self._reception.answer(job, teller=teller))
        work.add_done_callback(lambda _: teller.wake())
        settling = asyncio.create_task(self._settle(job, work, teller))
        watch = None
        if not self._exchange.claim:
            watch = asyncio.create_task(self._leave_when_gone(teller, work))
        try:
            await self._send_events(job, teller, work, settling)
        except asyncio.CancelledError:  # the process ends
            work.cancel()
            await settling
            if self._exchange.status:
                await self._exchange.end_events(teller.render_failure(stopping()))
            raise
        finally:
            if watch is not None:
                watch.cancel()
            work.cancel()
            await settling

    async def _send_events(
        self, job: Job, teller: StreamTeller, work: Work, settling: asyncio.Task[None]
    ) -> None:
        exchange = self._exchange
        while data := await teller.take():
            if not exchange.status:
                await self._start(job, teller)
            await exchange.send_events(data)
        try:
            outcome = await work
            if isinstance(outcome, Failed):
                raise refusal_of_failed(outcome)
        except asyncio.CancelledError:
            return
        except Exception as error:
            if not exchange.status:
                raise
            await exchange.end_events(teller.render_failure(refusal_of_error(error)))
            return
        if not exchange.status:
            await self._start(job, teller)
        if exchange.claim:
            await asyncio.wait({settling}, timeout=KEEP_SECONDS)
        await exchange.end_events(teller.finish(outcome.completion.usage))

    async def _start(self, job: Job, teller: StreamTeller) -> None:
        await self._exchange.start_events(headers=self._stream_headers(job, teller))

    def _stream_headers(self, job: Job, teller: StreamTeller) -> Headers:
        target = teller.target
        assert target is not None
        return [
            *call_headers(job),
            *target_headers(
                provider=target.provider.name,
                model=target.model,
                attempts=teller.attempts,
                is_fallback=teller.is_fallback,
            ),
            *budget_headers(job),
        ]

    async def _settle(self, job: Job, work: Work, teller: StreamTeller) -> None:
        """Once there is an answer, however long the client takes to read it."""
        with suppress(asyncio.CancelledError, Exception):
            outcome = await work
            if not isinstance(outcome, Completed):
                return
            if (claim := self._exchange.claim) is None:
                await self._reception.settle(job, outcome)
                return
            try:
                whole = teller.whole(outcome.completion.usage)
                kept = kept_answer(200, [EVENTS, *self._stream_headers(job, teller)], whole)
                await self._reception.settle(job, outcome, keeping=(claim, kept))
            finally:
                self._reception.keyed.lapse(claim)

    async def _leave_when_gone(self, teller: StreamTeller, work: Work) -> None:
        """Give up what a provider is asked; a booking that is under way ends first, so that it is
        taken back and not left to expire."""
        await self._exchange.wait_until_gone()
        teller.is_left = True
        if teller.is_asking:
            work.cancel()
