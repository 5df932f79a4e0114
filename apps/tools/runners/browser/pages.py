"""One call's visit: a fresh context, a page, the actions on it."""

from contextlib import suppress

from playwright.async_api import BrowserContext, Error, Page, TimeoutError

from apps.tools.contracts import ToolStatus
from apps.tools.runners.browser.actions import perform
from apps.tools.runners.browser.downloads import NotSaved
from apps.tools.runners.browser.listening import listen
from apps.tools.runners.browser.order import Order
from apps.tools.runners.browser.running import Running, first_line, tried
from apps.tools.runners.browser.session import Session, TooMuch
from apps.tools.runners.browser.visit import Visit

_PICTURE_MS = 1000.0


class PageProblem(Exception):
    """The page could not be shown, or an action on it failed; `detail` begins with its place."""

    def __init__(self, status: ToolStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def visit_pages(
    context: BrowserContext, running: Running, order: Order, session: Session
) -> None:
    """Show the page and perform the actions, in order; what comes of it is in `session`. The page
    on which an action failed is kept as a picture. Raises PageProblem, and Playwright's Error when
    the browser has ended."""
    listen(context, session)
    page = await context.new_page()
    page.set_default_timeout(session.working_ms)
    visit = Visit(page=page, session=session, uploads=order.uploads, downloads=running.downloads)
    try:
        await _show(page, order)
        for place, action in order.actions:
            session.place = place
            session.refusals.clear()
            await perform(visit, action)
        session.show(await page.title(), page.url)
    except TooMuch as error:
        detail = f"{session.place}: The page produced more than a call may keep."
        raise PageProblem("output_exceeded", detail) from error
    except NotSaved as error:
        raise PageProblem(
            "error", f"{session.place}: The browser could not save the file."
        ) from error
    except Error as error:
        status: ToolStatus = "error"
        if isinstance(error, TimeoutError) and session.is_late:
            status = "timeout"
        await _keep_sight(page, session)
        raise PageProblem(status, f"{session.place}: {_why(error, session)}") from error


async def _show(page: Page, order: Order) -> None:
    if "data" in order.arguments:
        await page.evaluate("data => { window.data = data; }", order.arguments["data"])
    if html := order.arguments.get("html"):
        await page.set_content(html)


def _why(error: Error, session: Session) -> str:
    """What went wrong, what was tried, and the last request of the action that the proxy
    refused."""
    steps = tried(error)
    return " ".join([first_line(error), *([f"({steps})"] if steps else []), *session.refusals])


async def _keep_sight(page: Page, session: Session) -> None:
    """Keep where a failed page is and what it shows, while it can be seen and there is room."""
    session.show("", page.url)
    with suppress(Error, TooMuch):
        session.keep("failure.png", await page.screenshot(timeout=_PICTURE_MS))
        session.show(await page.title(), page.url)
