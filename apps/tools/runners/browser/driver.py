"""Playwright's driver: the process that speaks Chromium's language."""

import asyncio
import os
import select
import signal
from asyncio.subprocess import Process
from contextlib import suppress

from playwright.async_api import Playwright, async_playwright

from apps.tools.runners.work import ToolFailure

_START_SECONDS = 30.0
_END_SECONDS = 2.0


class Driver:
    """A running driver. It serves one call at a time, so that what a page does to it stays with
    the page's call."""

    def __init__(self, playwright: Playwright, process: Process) -> None:
        self.playwright = playwright
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the process lives, which is known here before Playwright notices."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return not poll.poll(0)

    async def end(self) -> None:
        """End the process, by force when it does not notice that it is to end. Call it once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self.playwright.stop()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        await self._process.wait()
        os.close(self._pidfd)


async def start_driver() -> Driver:
    """A new driver. Raises ToolFailure when it does not come up."""
    manager = async_playwright()
    try:
        async with asyncio.timeout(_START_SECONDS):
            playwright = await manager.start()
    except Exception as error:
        raise ToolFailure(
            "browser_unavailable",
            f"Playwright's driver does not start: {str(error)[:400]}",
            is_retryable=True,
        ) from error
    # Playwright has no public handle on its driver's process, nor on what tells of its loss; an
    # error that nobody looks at would be logged as one that should not happen.
    assert manager._client is not None
    transport = manager._client._transport
    transport.on_error_future.add_done_callback(lambda lost: lost.exception())
    return Driver(playwright, transport._proc)
