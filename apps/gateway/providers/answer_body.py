"""An answer as it comes in: whole, or event by event, and no more of it than is sane."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Protocol

from aiohttp import ClientResponse

from apps.gateway.providers.errors import ConnectionLost, InvalidAnswer
from apps.gateway.providers.event_stream import EventParser

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024


class Listener(Protocol):
    """Who reads the events of one stream."""

    def add(self, data: bytes) -> bool:
        """Take the data of an event in; whether it was the last one."""

    @property
    def has_said(self) -> bool:
        """Whether some of the answer itself has come."""


async def read_whole(response: ClientResponse) -> bytes:
    """All of the answer's body. Raises InvalidAnswer beyond MAX_ANSWER_BYTES, and what the
    connection raises."""
    return b"".join([piece async for piece in _pieces(response)])


async def read_events(response: ClientResponse, listener: Listener, *, idle_seconds: float) -> None:
    """Tell `listener` each event, until it has had the last one or the answer ends. Raises
    TimeoutError when nothing comes for `idle_seconds` once the answer has begun, which a model may
    think about in silence, ConnectionLost for an event that the end of the answer cut, and what
    read_whole raises."""
    parser = EventParser()
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(None) as patience:
        async for piece in _pieces(response):
            for data in parser.feed(piece):
                if listener.add(data):
                    return
            if listener.has_said:
                patience.reschedule(clock() + idle_seconds)
    rest = parser.rest()
    if rest is not None and not _is_last(rest, listener):
        raise ConnectionLost("The stream ended inside of an event.")


def _is_last(rest: bytes, listener: Listener) -> bool:
    """Whether an unfinished event is the end mark, which some servers do not finish."""
    try:
        return listener.add(rest)
    except ValueError:
        return False


async def _pieces(response: ClientResponse) -> AsyncIterator[bytes]:
    size = 0
    while piece := await response.content.readany():
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise InvalidAnswer(f"The answer is longer than {MAX_ANSWER_BYTES} bytes.")
        yield piece
