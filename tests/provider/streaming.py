"""Server-sent events, in order or not."""

import asyncio

from aiohttp import web

from tests.provider.connection import close_connection, wait_until_gone
from tests.provider.exchange import Exchange
from tests.provider.orders import fill_in
from tests.provider.values import Piece

MALFORMED = b'event: content_block_delta\ndata: {"type": "content_block_de\n\n'


class _Broken(Exception):
    """The stream ends here, half-way."""


async def send_stream(exchange: Exchange) -> web.StreamResponse:
    """Send the events. What was said is billed before the last of it leaves; a stream that breaks
    off, or whose client leaves, is billed as far as it went."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-cache",
            exchange.wire.errors.request_id_header: exchange.request_id,
        }
    )
    await response.prepare(exchange.request)
    meter = _Meter(exchange)
    try:
        await _send_pieces(exchange, response, meter)
        meter.finish()
    except (_Broken, ConnectionError):
        meter.finish(is_cut=True)
    return response


class _Meter:
    """Bills a stream once."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._total = exchange.order.answer.usage.completion_tokens
        self._is_billed = False
        self.said = 0

    def before(self, piece: Piece) -> None:
        """`piece` is about to leave."""
        if piece.completion_tokens >= self._total and not self._is_billed:
            self._bill(self._total, is_cut=False)

    def finish(self, *, is_cut: bool = False) -> None:
        """Nothing more will leave."""
        if not self._is_billed:
            self._bill(self.said if is_cut else self._total, is_cut=is_cut)

    def _bill(self, tokens: int, *, is_cut: bool) -> None:
        self._exchange.bill(tokens, is_cut=is_cut)
        self._is_billed = True


async def _send_pieces(exchange: Exchange, response: web.StreamResponse, meter: _Meter) -> None:
    behaviour, pieces = exchange.behaviour, exchange.order.pieces
    pause = behaviour.number("pace") / 1000 + behaviour.number("slow-body") / 1000 / len(pieces)
    half = len(pieces) // 2
    for number, piece in enumerate(pieces):
        if number == half:
            await _disturb(exchange, response)
        if number == len(pieces) - 1 and behaviour.has("no-done"):
            return
        if number == 1:
            await asyncio.sleep(behaviour.number("thinks") / 1000)
        if pause:
            await asyncio.sleep(pause)
        meter.before(piece)
        await response.write(fill_in(piece.data, exchange.request_id))
        meter.said = piece.completion_tokens


async def _disturb(exchange: Exchange, response: web.StreamResponse) -> None:
    """What goes wrong half-way. Raises _Broken when nothing comes after it."""
    behaviour, request = exchange.behaviour, exchange.request
    if behaviour.has("malformed-chunk"):
        await response.write(MALFORMED)
    if behaviour.has("stream-error"):
        await response.write(exchange.wire.error_event)
        raise _Broken
    if behaviour.has("stream-stalled"):
        await wait_until_gone(request)
        raise _Broken
    if behaviour.has("stream-cut"):
        close_connection(request)
        raise _Broken
