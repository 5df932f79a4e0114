"""How an answer leaves the house, with whatever goes wrong on the way."""

import asyncio

from aiohttp import web

from tests.provider.connection import (
    close_connection,
    reset_connection,
    send_trickling,
    wait_until_gone,
)
from tests.provider.exchange import Exchange
from tests.provider.orders import context_refusal, fill_in
from tests.provider.refusal import Refusal
from tests.provider.streaming import send_stream

TRICKLES = 20
HTML = "<html><head><title>{0} Bad Gateway</title></head><body>{0} Bad Gateway</body></html>"
SPOILT_BODIES = {
    "empty-body": b"",
    "malformed-json": b'{"id": "half", "choices": [{"mess',
    "wrong-shape": b'{"status": "ok", "data": []}',
}


async def deliver(exchange: Exchange) -> web.StreamResponse:
    """Answer, as the behaviour wants it. Raises Refusal for an error answer."""
    behaviour, request = exchange.behaviour, exchange.request
    if behaviour.has("latency"):
        await asyncio.sleep(behaviour.number("latency") / 1000)
    if behaviour.has("error"):
        return _fail(exchange)
    if behaviour.has("reset-before-headers"):
        return reset_connection(request)
    if behaviour.has("no-answer"):
        await wait_until_gone(request)
        return web.Response(status=500)
    for directive, body in SPOILT_BODIES.items():
        if behaviour.has(directive):
            exchange.bill()
            return _respond(exchange, body)
    if behaviour.has("lost-answer"):
        exchange.bill()
        return reset_connection(request)
    if behaviour.has("slow-headers"):
        return await _send_slow_headers(exchange)
    if exchange.order.pieces:
        return await send_stream(exchange)
    return await _send_whole(exchange)


def _fail(exchange: Exchange) -> web.Response:
    behaviour = exchange.behaviour
    status = behaviour.number("error")
    if behaviour.has("html"):
        return web.Response(status=status, text=HTML.format(status), content_type="text/html")
    if behaviour.has("context"):
        raise context_refusal(exchange.wire.errors.provider, 200_000, 128_000)
    kind = code = None
    if behaviour.has("filter"):
        kind, code = "invalid_request_error", "content_filter"
    if behaviour.has("quota"):
        kind, code = None, "insufficient_quota"
    retry_after = behaviour.number("retry") if behaviour.has("retry") else None
    message = f"The test provider fails with {status} as the model's name wants it."
    raise Refusal(status, message, kind=kind, code=code, retry_after=retry_after)


async def _send_slow_headers(exchange: Exchange) -> web.Response:
    exchange.bill()
    pieces = exchange.order.pieces
    body = b"".join(piece.data for piece in pieces)
    await send_trickling(
        exchange.request,
        milliseconds=exchange.behaviour.number("slow-headers"),
        kind="text/event-stream" if pieces else "application/json",
        body=fill_in(body, exchange.request_id) if pieces else exchange.body,
    )
    return web.Response()


async def _send_whole(exchange: Exchange) -> web.StreamResponse:
    behaviour, body = exchange.behaviour, exchange.body
    is_cut = behaviour.has("stream-cut", "stream-stalled")
    exchange.bill(is_cut=is_cut)
    if behaviour.has("slow-body"):
        return await _send_parts(
            exchange, body, pause=behaviour.number("slow-body") / 1000 / TRICKLES
        )
    if is_cut:
        response = await _send_parts(exchange, body, stop_at=TRICKLES // 2)
        if behaviour.has("stream-stalled"):
            await wait_until_gone(exchange.request)
        close_connection(exchange.request)
        return response
    return _respond(exchange, body)


def _respond(exchange: Exchange, body: bytes) -> web.Response:
    return web.Response(
        body=body,
        content_type="application/json",
        headers={exchange.wire.errors.request_id_header: exchange.request_id},
    )


async def _send_parts(
    exchange: Exchange, body: bytes, *, pause: float = 0.0, stop_at: int | None = None
) -> web.StreamResponse:
    """Send `body` in parts with a pause between them, the first `stop_at` of them only."""
    response = web.StreamResponse()
    response.content_type = "application/json"
    response.content_length = len(body)
    await response.prepare(exchange.request)
    size = -(-len(body) // TRICKLES)
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    try:
        for part in parts[:stop_at]:
            await response.write(part)
            await asyncio.sleep(pause)
    except ConnectionError:
        pass  # the client has left; the answer is billed all the same
    return response
