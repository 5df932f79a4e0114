"""An answer as it comes in: whole, or event by event, and no more of it than is sane."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import ClientResponse

from apps.gateway.providers.errors import ConnectionLost, InvalidAnswer
from apps.gateway.providers.event_stream import EventParser

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024

OnData = Callable[[bytes], bool]
"""Told the data of each event; True says that it was the last one."""


async def read_whole(response: ClientResponse) -> bytes:
    """All of the answer's body. Raises InvalidAnswer beyond MAX_ANSWER_BYTES, and what the
    connection raises."""
    return b"".join([piece async for piece in _pieces(response)])


async def read_events(response: ClientResponse, on_data: OnData, *, idle_seconds: float) -> None:
    """Tell `on_data` each event, until it has had the last one or the answer ends. Raises
    TimeoutError when after the first event nothing comes for `idle_seconds`, ConnectionLost for an
    event that the end of the answer cut, and what read_whole raises."""
    parser = EventParser()
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(None) as patience:
        async for piece in _pieces(response):
            patience.reschedule(clock() + idle_seconds)
            for data in parser.feed(piece):
                if on_data(data):
                    return
    rest = parser.rest()
    if rest is not None and not _is_last(rest, on_data):
        raise ConnectionLost("The stream ended inside of an event.")


def _is_last(rest: bytes, on_data: OnData) -> bool:
    """Whether an unfinished event is the end mark, which some servers do not finish."""
    try:
        return on_data(rest)
    except ValueError:
        return False


async def _pieces(response: ClientResponse) -> AsyncIterator[bytes]:
    size = 0
    while piece := await response.content.readany():
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise InvalidAnswer(f"The answer is longer than {MAX_ANSWER_BYTES} bytes.")
        yield piece
