"""What a call has of a browser for itself: a fresh context, and its own way out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from playwright.async_api import BrowserContext, Error

from apps.tools.egress.session import Egress, EgressRequest
from apps.tools.egress.way_out import open_way_out
from apps.tools.runners.browser.order import Order
from apps.tools.runners.browser.running import Running
from apps.tools.runners.browser.session import Session

_CLOSE_SECONDS = 2.0


@asynccontextmanager
async def fresh_context(
    running: Running, order: Order, egress: Egress
) -> AsyncIterator[BrowserContext]:
    """A context that nobody has used and nobody will, with the call's way out for as long as it
    is there. Raises Playwright's Error, and NoWayIn."""
    async with _way_out(running.guard.init, egress):
        context = await running.browser.new_context(
            viewport=order.viewport, accept_downloads=order.has_downloads
        )
        try:
            yield context
        finally:
            await _leave(context, running)


def heard(egress: Egress, session: Session) -> Egress:
    """The same way out, whose refusals the session hears of too."""

    def record(request: EgressRequest) -> None:
        if request.refusal:
            session.refuse(request)
        egress.record(request)

    return replace(egress, record=record)


@asynccontextmanager
async def _way_out(init: int, egress: Egress) -> AsyncIterator[None]:
    """The call's own listeners in the browser's network; none without a rule to let anything out.
    They are opened and closed off the loop, which serves other calls meanwhile."""
    with ExitStack() as held:
        if egress.rules:
            way_out = open_way_out(init, egress)
            await _finished(asyncio.to_thread(held.enter_context, way_out))
        try:
            yield
        finally:
            await _finished(asyncio.to_thread(held.close))


async def _finished(work: Coroutine[Any, Any, None]) -> None:
    """Wait for its end, even when the call is cancelled meanwhile: a thread cannot be."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _leave(context: BrowserContext, running: Running) -> None:
    """Close the context. A browser that does not let go of it is ended."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await context.close()
    except (Error, TimeoutError):
        running.end()
