"""Show a page in Chromium, jailed, without network, and act on it."""

import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from apps.tools.contracts import ToolStatus
from apps.tools.runners.browser.actions import Session, TooMuch, perform
from apps.tools.runners.browser.chromium import BrowserUnavailable, find_chromium
from apps.tools.runners.browser.jailing import Guard, Wish, jailed_browser
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import Ran, ToolFailure, Work

_BACKEND = "bubblewrap"
_ARGUMENTS = ("--disable-breakpad", "--disable-gpu", "--disable-dev-shm-usage")
_DEFAULT_ACTIONS = ({"action": "screenshot", "name": "page.png", "full_page": True},)
_REASONS: dict[ToolStatus, str] = {
    "timeout": "The page was not done in time.",
    "memory_exceeded": "The page needed more memory than it may have.",
    "disk_exceeded": "The page wrote more than it may.",
    "output_exceeded": "The page produced more than a call may keep.",
    "killed": "The call was stopped.",
}

BROWSER_LIMITS = Limits(process_bytes=None, processes=2048, open_files=4096)

# Whether Chromium's own sandbox starts inside the jail, by its path, as its first launch has shown.
_nests: dict[str, bool] = {}


class _NotStarted(Exception):
    """Chromium did not come up."""


def run_browser(work: Work) -> Ran:
    """Show the page and perform the actions; without any, take a screenshot of the whole page.

    Every call has a driver and a browser of its own; Chromium's own sandbox is on wherever it
    starts inside the jail.
    """
    if work.arguments.get("url", "about:blank") != "about:blank":
        raise ToolFailure(
            "invalid_arguments",
            "arguments.url: the browser has no network; give the page as html, "
            "and fetch what it needs with the http tool.",
        )
    deadline = time.monotonic() + work.limits.wall_seconds
    platform = settings.PLATFORM
    chromium = find_chromium(platform.chromium_path)
    equipment = find_equipment(
        bubblewrap_path=platform.bubblewrap_path, sandbox_python=platform.sandbox_python
    )
    refusal = ""
    with sync_playwright() as driver:
        for nests in [_nests[chromium.path]] if chromium.path in _nests else [True, False]:
            wish = Wish(
                bwrap=equipment.bwrap,
                chromium=chromium,
                limits=BROWSER_LIMITS,
                has_nested_namespaces=nests,
            )
            try:
                return _visit(work, driver, wish, deadline)
            except _NotStarted as error:
                refusal = str(error)
    raise BrowserUnavailable(f"{chromium.path} does not start in the sandbox: {refusal}")


def _visit(work: Work, driver: Playwright, wish: Wish, deadline: float) -> Ran:
    guard = Guard(wish.limits, deadline, work.stop)
    session: Session | None = None
    problem = ""
    status: ToolStatus = "ok"
    with jailed_browser(wish, guard) as program:
        browser = _launch(driver, program, wish, guard, deadline)
        if browser is not None:
            session = Session(limits=wish.limits, deadline=deadline)
            try:
                _work_on(browser, session, work.arguments)
            except PageProblem as error:
                problem, status = error.detail, error.status
            finally:
                with suppress(Error):
                    browser.close()
    return _ran(session, guard, guard.broken or status, problem)


def _launch(
    driver: Playwright, program: str, wish: Wish, guard: Guard, deadline: float
) -> Browser | None:
    """The browser; None when a limit ended it first. Raises _NotStarted."""
    try:
        browser = driver.chromium.launch(
            executable_path=program,
            chromium_sandbox=wish.has_nested_namespaces,
            args=list(_ARGUMENTS),
            env={},
            timeout=max(1.0, (deadline - time.monotonic()) * 1000),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
    except Error as error:
        if guard.broken:
            return None
        raise _NotStarted(_last_complaint(error)) from error
    _nests[wish.chromium.path] = wish.has_nested_namespaces
    return browser


def _work_on(browser: Browser, session: Session, arguments: dict[str, Any]) -> None:
    viewport = arguments.get("viewport", {"width": 1280, "height": 800})
    place = "arguments.html"
    try:
        page = browser.new_page(viewport=viewport, accept_downloads=False)
        page.set_default_timeout(session.left_ms)
        page.on("console", lambda message: session.note(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: session.complain(str(error)))
        if "data" in arguments:
            page.evaluate("data => { window.data = data; }", arguments["data"])
        page.set_content(arguments.get("html", ""))
        for index, action in enumerate(arguments.get("actions") or _DEFAULT_ACTIONS):
            place = f"arguments.actions[{index}] ({action['action']})"
            perform(session, page, action)
        session.title = page.title()
    except TooMuch as error:
        raise PageProblem("output_exceeded", f"{place}: {_REASONS['output_exceeded']}") from error
    except Error as error:
        raise PageProblem("error", f"{place}: {_first_line(error)}") from error


class PageProblem(Exception):
    """The page could not be shown, or an action on it failed."""

    def __init__(self, status: ToolStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def _ran(session: Session | None, guard: Guard, status: ToolStatus, problem: str) -> Ran:
    left = session or Session(limits=BROWSER_LIMITS, deadline=0.0)
    detail = _REASONS[guard.broken] if guard.broken else problem
    return Ran(
        status=status,
        backend=_BACKEND,
        detail=detail,
        value={"title": left.title, "extracted": left.extracted},
        stdout="\n".join(left.console),
        stderr="\n".join([*left.errors, *([detail] if detail else [])]),
        files=tuple(left.files),
        peak_memory_bytes=guard.peak_memory_bytes,
    )


def _first_line(error: Error) -> str:
    """What went wrong, without the driver's log of what it tried."""
    return error.message.strip().partition("\n")[0][:400]


def _last_complaint(error: Error) -> str:
    """What Chromium or bwrap said last, else what the driver says."""
    said = [line.partition("[err]")[2].strip() for line in error.message.splitlines()]
    return next((line[:400] for line in reversed(said) if line), _first_line(error))
