"""POST /v1/chat/completions."""

import asyncio
import time
from contextlib import suppress

from django.conf import settings

from apps.gateway.doors.chat_answer import completion_of
from apps.gateway.doors.chat_request import Bounds, ChatWish, read_chat
from apps.gateway.doors.chat_stream import ChunkTeller, error_event
from apps.gateway.doors.exchange import Exchange
from apps.gateway.doors.refusals import refusal_of_error, refusal_of_failure
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


async def complete_chat(exchange: Exchange, caller: Principal, reception: Reception) -> None:
    """Answer a chat request, as it asks for: whole or as a stream. Raises PlatformError, Refusal
    and ClientGone before the answer has begun."""
    began = time.monotonic()
    platform = settings.PLATFORM
    raw = await exchange.read_body(limit=platform.gateway_body_limit_bytes)
    bounds = Bounds(
        image_bytes=platform.gateway_image_limit_bytes,
        passes_unknown=platform.gateway_unknown_parameters == "pass",
    )
    wish = read_chat(raw, bounds=bounds)
    job = reception.receive(caller, wish.request)
    exchange.call_id = job.owner.call_id
    job = await reception.open(job)
    if wish.is_streamed:
        await _stream(exchange, job, wish, reception)
    else:
        await _reply(exchange, job, reception, began=began)


async def _reply(exchange: Exchange, job: Job, reception: Reception, *, began: float) -> None:
    """The whole answer. A client that leaves changes nothing: the provider bills what it was asked,
    and its exact usage is charged."""
    outcome = await reception.answer(job, teller=NoTeller())
    if isinstance(outcome, Failed):
        raise refusal_of_failure(outcome.failure)
    try:
        told = answer_headers(job, outcome, seconds=time.monotonic() - began)
        headers = [*call_headers(job), *told]
        await exchange.reply(completion_of(job, outcome), headers=headers)
    finally:
        await reception.settle(job, outcome)


async def _stream(exchange: Exchange, job: Job, wish: ChatWish, reception: Reception) -> None:
    """The answer in chunks. When the client leaves, the provider's answer is given up at once, and
    what had come of it is charged."""
    teller = ChunkTeller(job, has_usage=wish.has_usage)
    work = asyncio.create_task(reception.answer(job, teller=teller))
    work.add_done_callback(lambda _: teller.wake())
    watch = asyncio.create_task(_cancel_when_gone(exchange, work))
    try:
        await _send_chunks(exchange, job, teller, work)
    finally:
        watch.cancel()
        if not work.done():
            work.cancel()
        with suppress(asyncio.CancelledError, Exception):
            outcome = await work
            if isinstance(outcome, Completed):
                await reception.settle(job, outcome)


async def _send_chunks(
    exchange: Exchange, job: Job, teller: ChunkTeller, work: "asyncio.Task[Completed | Failed]"
) -> None:
    while data := await teller.take():
        if not exchange.status:
            await _start(exchange, job, teller)
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
        await exchange.end_events(error_event(refusal_of_error(error).body()))
        return
    if not exchange.status:
        await _start(exchange, job, teller)
    await exchange.end_events(teller.finish(outcome.completion.usage))


async def _start(exchange: Exchange, job: Job, teller: ChunkTeller) -> None:
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
    await exchange.start_events(headers=headers)


async def _cancel_when_gone(exchange: Exchange, work: "asyncio.Task[Completed | Failed]") -> None:
    await exchange.wait_until_gone()
    work.cancel()
