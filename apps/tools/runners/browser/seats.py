"""The drivers of this process, and the browsers that they keep warm."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from apps.tools.runners.browser.driver import Driver, start_driver
from apps.tools.runners.browser.guard import Guard
from apps.tools.runners.browser.running import Running
from apps.tools.runners.limits import Limits

OLDEST_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Household:
    """Who may share a browser: the calls of one run of one tenant, under the same limits."""

    tenant_id: UUID
    run_id: UUID
    limits: Limits


@dataclass
class Seat:
    """A driver, and the browser that it keeps for a household. One call has it at a time. `guard`
    watches the browser, or one that did not come up."""

    driver: Driver
    household: Household
    guard: Guard | None = None
    running: Running | None = None
    closing: asyncio.TimerHandle | None = None
    is_stuck: bool = False

    def close_browser(self) -> None:
        """Kill the browser, if there is one."""
        running, self.running, self.guard = self.running, None, None
        if running is not None:
            running.end()

    @property
    def has_warm_browser(self) -> bool:
        return (
            self.running is not None
            and self.running.is_alive
            and time.monotonic() - self.running.started_at < OLDEST_SECONDS
        )

    @property
    def is_spoilt(self) -> bool:
        """Whether the driver does not answer, or a browser died under its hands, for which it may
        wait for ever."""
        if self.is_stuck:
            return True
        was_killed = self.guard is not None and self.guard.broken is not None
        return was_killed or (self.running is not None and not self.running.is_alive)


class Seats:
    """Used from one event loop only. There are never more seats than calls at once have needed."""

    def __init__(self) -> None:
        self._idle: list[Seat] = []

    @asynccontextmanager
    async def take(self, household: Household, *, warm_seconds: float) -> AsyncIterator[Seat]:
        """A seat for one call: the one with the household's warm browser, else one without a
        browser. Afterwards its browser stays for `warm_seconds`, unless it has ended or the call
        failed in a way that it should not."""
        seat = await self._free_seat(household)
        try:
            yield seat
        except BaseException:
            await self._dismiss(seat)
            raise
        if seat.is_spoilt:
            await self._dismiss(seat)
        else:
            self._keep(seat, warm_seconds)

    async def close(self) -> None:
        """End every idle driver and its browser."""
        while self._idle:
            await self._dismiss(self._leave_idle(self._idle[0]))

    async def _free_seat(self, household: Household) -> Seat:
        for seat in [one for one in self._idle if not one.driver.is_alive()]:
            await self._dismiss(self._leave_idle(seat))
        choice = self._choose(household)
        if choice is None:
            return Seat(await start_driver(), household)
        seat = self._leave_idle(choice)
        if seat.household != household or not seat.has_warm_browser:
            seat.close_browser()
        seat.household = household
        return seat

    def _choose(self, household: Household) -> Seat | None:
        """The household's own seat, else one without a browser, else the one idle for longest."""
        own = (seat for seat in self._idle if seat.running and seat.household == household)
        empty = (seat for seat in self._idle if not seat.running)
        return next(own, None) or next(empty, None) or next(iter(self._idle), None)

    def _leave_idle(self, seat: Seat) -> Seat:
        self._idle.remove(seat)
        if seat.closing is not None:
            seat.closing.cancel()
        return seat

    def _keep(self, seat: Seat, warm_seconds: float) -> None:
        if warm_seconds:
            loop = asyncio.get_running_loop()
            seat.closing = loop.call_later(warm_seconds, seat.close_browser)
        else:
            seat.close_browser()
        self._idle.append(seat)

    async def _dismiss(self, seat: Seat) -> None:
        seat.close_browser()
        await seat.driver.end()
