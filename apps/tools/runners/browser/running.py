"""A Chromium that runs in a jail."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePath

from playwright.async_api import Browser, Error

from apps.tools.egress.way_out import PROXY
from apps.tools.runners.browser.downloads import Downloads
from apps.tools.runners.browser.driver import Driver
from apps.tools.runners.browser.folder import HOST_TMP
from apps.tools.runners.browser.guard import Guard, Watch
from apps.tools.runners.browser.jailing import Wish, jailed_browser

_NOWHERE = "nowhere.invalid"
# What Chromium asks when it trusts no certificate. Nothing else keeps it from that than to be sent
# past the proxy, where there are no names.
_CONNECTIVITY_CHECK = "connectivitycheck.gstatic.com"

ARGUMENTS: tuple[str, ...] = (
    "--disable-breakpad",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # All goes to the proxy, which listens while a call has a way out; names are its business too.
    f"--proxy-server={PROXY}",
    f"--proxy-bypass-list=<-loopback>;{_NOWHERE};{_CONNECTIVITY_CHECK}",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # What Chromium asks of its maker unasked would stand among the call's requests.
    "--component-updater=url-source=about:blank",
    f"--gaia-url=https://{_NOWHERE}",
    f"--autofill-server-url=https://{_NOWHERE}",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
"""What Chromium is told beside what Playwright tells it. No caller can add to it."""


class NotStarted(Exception):
    """Chromium did not come up; the text is what it or bwrap said last."""


@dataclass(kw_only=True)
class Running:
    """A browser, what watches it, and what its end releases."""

    browser: Browser
    guard: Guard
    downloads: Downloads
    started_at: float
    held: ExitStack

    @property
    def is_alive(self) -> bool:
        return self.guard.broken is None and self.browser.is_connected()

    def end(self) -> None:
        """Kill every process of it."""
        self.held.close()


async def start_browser(driver: Driver, wish: Wish, guard: Guard, watch: Watch) -> Running:
    """A new browser that works for a call. Raises NotStarted, also when a limit ended it first."""
    guard.begin(watch)
    with ExitStack() as held:
        program = held.enter_context(jailed_browser(wish, guard))
        try:
            browser = await driver.playwright.chromium.launch(
                executable_path=program.path,
                chromium_sandbox=wish.has_nested_namespaces,
                args=list(ARGUMENTS),
                env={},
                downloads_path=program.downloads,
                timeout=max(1.0, (watch.deadline - time.monotonic()) * 1000),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            raise NotStarted(_last_complaint(error)) from error
        kept = held.pop_all()
    return Running(
        browser=browser,
        guard=guard,
        downloads=Downloads(guard.init, PurePath(program.downloads).relative_to(HOST_TMP)),
        started_at=time.monotonic(),
        held=kept,
    )


def _last_complaint(error: Error) -> str:
    """What Chromium or bwrap said last, else what the driver says."""
    said = [line.partition("[err]")[2].strip() for line in error.message.splitlines()]
    return next((line[:400] for line in reversed(said) if line), first_line(error))


def tried(error: Error) -> str:
    """The driver's log in one line: whether there was no element, or one that could not be used."""
    _, _, log = error.message.partition("Call log:")
    steps = (line.strip(" -") for line in log.splitlines())
    return "; ".join(step for step in steps if step)[:400]


def first_line(error: Error) -> str:
    """What went wrong, without the driver's log of what it tried."""
    return error.message.strip().partition("\n")[0][:400]
