"""Playwright's driver: the process that speaks Chromium's language."""

import asyncio
import os
import select
import signal
from contextlib import suppress

from playwright._impl import out_of_process, transport
from playwright._impl._driver import get_driver_env
from playwright._impl.out_of_process import PlaywrightClient
from playwright._impl.transport import PipeTransport
from playwright.async_api import Playwright, async_playwright

from apps.tools.runners.browser.folder import browser_folder
from apps.tools.runners.work import ToolFailure

_START_SECONDS = 30.0
_END_SECONDS = 2.0
_DEATH_MS = 1000.0
_KEPT = {"PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH"}
_KEPT_PREFIXES = ("PW_", "PLAYWRIGHT_", "NODE_")
MOST_MESSAGE_BYTES = 64 * 1024 * 1024
"""The largest that a page can make the driver tell at once, a picture among it."""


class Driver:
    """A running driver. It serves one call at a time, so that what a page does to it stays with
    the page's call."""

    def __init__(self, playwright: Playwright, client: PlaywrightClient) -> None:
        self.playwright = playwright
        self._client = client
        self._process = client._transport._proc
        self._pidfd = os.pidfd_open(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it can be spoken to; its death is known here before Playwright notices."""
        return not (self._client._close_promise.done() or self._has_ended(0))

    async def end(self) -> None:
        """End the process, by force when it does not notice that it is to end. Call it once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self.playwright.stop()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        self._has_ended(_DEATH_MS)
        os.close(self._pidfd)
        # What it still wanted to tell is read by nobody, so its end would not be noticed.
        self._process._transport.close()  # type: ignore[attr-defined]

    def _has_ended(self, within_ms: float) -> bool:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(within_ms))


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
    assert manager._client is not None
    # An error that nobody looks at would be logged as an unexpected one.
    manager._client._transport.on_error_future.add_done_callback(lambda lost: lost.exception())
    return Driver(playwright, manager._client)


class TooLarge(Exception):
    """The driver tells more at once than it may."""


class _BoundedReader:
    """What a transport reads messages from: their length in 4 bytes, then as many. A message that
    is too large ends the connection, and every call on it fails, before any of it is kept."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.read = reader.read
        self._reader = reader
        self._left = 0

    async def readexactly(self, count: int) -> bytes:
        data = await self._reader.readexactly(count)
        if self._left:
            self._left -= count
            return data
        self._left = int.from_bytes(data, "little")
        if self._left > MOST_MESSAGE_BYTES:
            raise TooLarge
        return data


class _BoundedTransport(PipeTransport):
    async def connect(self) -> None:
        await super().connect()
        self._proc.stdout = _BoundedReader(self._proc.stdout)  # type: ignore[assignment, arg-type]


def _environment() -> dict[str, str]:
    """What the driver is told: nothing of the worker's secrets, and a home in any case. Its files
    outlive it when it is killed."""
    given = get_driver_env()
    kept = {name: given[name] for name in given if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    folder = str(browser_folder())
    return {"HOME": folder, **kept, "TMPDIR": folder}


# Playwright has no settings for these, nor a public handle on its driver's process or its loss.
out_of_process.PipeTransport = _BoundedTransport  # type: ignore[attr-defined]
transport.get_driver_env = _environment  # type: ignore[attr-defined]
