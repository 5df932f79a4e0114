"""Serve one call with a browser: warm, or new and held to the call's limits from its start."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace

from playwright.async_api import BrowserContext, Error

from apps.tools.contracts import ToolStatus
from apps.tools.egress.namespaces import NoWayIn
from apps.tools.runners.browser.chromium import BrowserUnavailable, Chromium
from apps.tools.runners.browser.contexts import fresh_context, heard
from apps.tools.runners.browser.guard import Guard, Watch
from apps.tools.runners.browser.jailing import Wish
from apps.tools.runners.browser.order import Order
from apps.tools.runners.browser.pages import PageProblem, visit_pages
from apps.tools.runners.browser.running import NotStarted, Running, first_line, start_browser
from apps.tools.runners.browser.seats import OLDEST_SECONDS, Seat, Seats
from apps.tools.runners.browser.session import Session
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.work import ToolFailure

_NOTICE_SECONDS = 0.25
_STUCK = PageProblem("timeout", "The browser did not answer.")

_seats = Seats()
# Whether Chromium's own sandbox starts inside the jail, by its path, as its first launch has shown.
_nests: dict[str, bool] = {}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What browsers run with here, and how long one stays warm."""

    bwrap: str
    groups: Groups
    chromium: Chromium
    warm_seconds: float


@dataclass(frozen=True, kw_only=True)
class Served:
    """How a call ended: its pages' part is in its session. `broken` is the limit that ended it."""

    broken: ToolStatus | None
    problem: PageProblem | None
    peak_memory_bytes: int = 0
    cpu_ms: int = 0


class DriverLost(ToolFailure):
    """The driver has ended before it could start a browser."""

    def __init__(self) -> None:
        super().__init__("browser_lost", "Playwright's driver has ended.", is_retryable=True)


async def serve(order: Order, machine: Machine, session: Session) -> Served:
    """Serve the call, to its end or its limit. Raises BrowserUnavailable and ToolFailure."""
    try:
        return await _serve(order, machine, session)
    except DriverLost:  # as it was idle: no page has been made
        return await _serve(order, machine, session)


async def _serve(order: Order, machine: Machine, session: Session) -> Served:
    async with _seats.take(order.household, warm_seconds=machine.warm_seconds) as seat:
        doing = asyncio.create_task(_work_on(seat, order, machine, session))
        problem = await _end_of(doing, seat, order.watch)
        seat.is_stuck = problem is _STUCK
        return _served(seat, order.watch, problem)


async def close_browsers() -> None:
    """End all that this process keeps warm."""
    await _seats.close()


async def _work_on(seat: Seat, order: Order, machine: Machine, session: Session) -> None:
    async with AsyncExitStack() as held:
        try:
            running, context = await _enter(seat, order, machine, session, held)
            await visit_pages(context, running, order, session)
        except Error as error:
            raise PageProblem("error", f"The browser ended: {first_line(error)}") from error


async def _enter(
    seat: Seat, order: Order, machine: Machine, session: Session, held: AsyncExitStack
) -> tuple[Running, BrowserContext]:
    """A fresh context in the warm browser, if that still answers; else in a new one."""
    egress = heard(order.egress, session)
    if seat.running is not None:
        seat.running.guard.begin(order.watch)
        with suppress(Error, NoWayIn):
            context = await held.enter_async_context(fresh_context(seat.running, order, egress))
            return seat.running, context
        seat.close_browser()
    seat.running = await _start(seat, order, machine)
    try:
        context = await held.enter_async_context(fresh_context(seat.running, order, egress))
    except NoWayIn as error:
        raise BrowserUnavailable(f"The browser's network cannot be opened: {error}.") from error
    return seat.running, context


async def _start(seat: Seat, order: Order, machine: Machine) -> Running:
    path = machine.chromium.path
    refusal = ""
    for nests in [_nests[path]] if path in _nests else [True, False]:
        limits = replace(order.limits, wall_seconds=OLDEST_SECONDS + order.limits.wall_seconds)
        wish = Wish(
            bwrap=machine.bwrap,
            chromium=machine.chromium,
            limits=limits,
            has_nested_namespaces=nests,
        )
        seat.guard = Guard(limits, machine.groups, seat.driver.pid)
        try:
            running = await start_browser(seat.driver, wish, seat.guard, order.watch)
        except NotStarted as error:
            if seat.guard.broken or time.monotonic() >= order.watch.deadline:
                raise PageProblem("timeout", f"The browser was not up in time: {error}") from error
            if not seat.driver.is_alive():
                raise DriverLost from error
            refusal = str(error)
        else:
            _nests[path] = nests
            return running
    raise BrowserUnavailable(f"{path} does not start in the sandbox: {refusal}")


async def _end_of(doing: "asyncio.Task[None]", seat: Seat, watch: Watch) -> PageProblem | None:
    """What came of `doing`. It has a moment to notice that its browser was killed, or that its time
    is over; Playwright may never do so by itself."""
    try:
        while not (doing.done() or _is_over(seat, watch)):
            await asyncio.wait({doing}, timeout=_NOTICE_SECONDS)
        await asyncio.wait({doing}, timeout=_NOTICE_SECONDS)
    finally:
        doing.cancel()
        await asyncio.wait({doing})
    try:
        await doing
    except PageProblem as problem:
        return problem
    except asyncio.CancelledError:
        return _STUCK
    return None


def _is_over(seat: Seat, watch: Watch) -> bool:
    is_broken = seat.guard is not None and seat.guard.broken is not None
    return is_broken or watch.stop.is_set() or time.monotonic() > watch.deadline


def _served(seat: Seat, watch: Watch, problem: PageProblem | None) -> Served:
    broken: ToolStatus | None = None
    if problem is _STUCK:
        broken = "killed" if watch.stop.is_set() else "timeout"
    if seat.guard is None:
        return Served(broken=broken, problem=problem)
    seat.guard.rest()
    return Served(
        broken=seat.guard.broken or broken,
        problem=problem,
        peak_memory_bytes=seat.guard.peak_memory_bytes,
        cpu_ms=seat.guard.cpu_ms,
    )
