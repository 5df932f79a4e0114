"""Answers that go on together."""

import asyncio
from contextlib import suppress

PATIENCE_SECONDS = 0.005


class Company:
    """The calls of one message. Nobody can use an answer before the last of them has come, so one
    that comes with others is written with them."""

    def __init__(self, size: int) -> None:
        self._missing = size
        self._is_complete = asyncio.Event()

    async def join(self) -> None:
        """Call it once for each. Returns when all have come, or PATIENCE_SECONDS later."""
        self._missing -= 1
        if self._missing <= 0:
            self._is_complete.set()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._is_complete.wait()
