"""A page in a Chromium that is started for it, beside the same Chromium outside of any jail."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Playwright, sync_playwright

from tests.bench.bars import Measured, compare, paired
from tests.bench.tools.bench import Bench, quiet_processors

RATIO_BAR = 1.15
_PAGE = "<title>Report</title><h1>Rows</h1>" + "<p>Some text.</p>" * 50
_USER = 64020

# Chromium as root has no sandbox of its own, so it is started as somebody else, to whom its
# profile's folder is given.
_SCRIPT = """\
#!/bin/sh
for argument in "$@"; do
  case "$argument" in --user-data-dir=*) chown {user} "${{argument#--user-data-dir=}}" ;; esac
done
exec setpriv --reuid={user} --regid={user} --clear-groups env HOME=/tmp {chromium} "$@"
"""


def measure(bench: Bench, rounds: int) -> Iterator[Measured]:
    """From the claim of a call to its recorded result: launch, page, PNG, end. Both sides have
    their driver running, and the same arguments of Chromium."""
    from apps.tools.runners.browser.chromium import find_chromium

    chromium = find_chromium("").path
    with _cold_browsers(), _driver() as do:
        _call(bench)
        variants = {
            "call": lambda: _call(bench),
            "outside": lambda: do(_outside, _as_user(bench.folder, chromium), True),
            "unsandboxed": lambda: do(_outside, chromium, os.geteuid() != 0),
        }
        found = paired(variants, rounds=max(5, rounds // 2))
    yield compare(
        found["call"],
        found["outside"],
        name="cold browser: launch, page, PNG",
        unit="ms",
        peer_name="Chromium outside",
        bar=RATIO_BAR,
        note=quiet_processors(),
    )
    if os.geteuid() == 0:
        yield compare(
            found["call"],
            found["unsandboxed"],
            name="the same",
            unit="ms",
            peer_name="without its own sandbox",
        )


@contextmanager
def _cold_browsers() -> Iterator[None]:
    """Each call has a browser of its own."""
    from django.conf import settings

    before = settings.PLATFORM
    settings.PLATFORM = before.model_copy(update={"browser_warm_seconds": 0})
    try:
        yield
    finally:
        settings.PLATFORM = before


@contextmanager
def _driver() -> Iterator[Callable[..., float]]:
    """Runs a function with a driver in a thread of its own, to which Playwright is bound."""
    with ThreadPoolExecutor(1) as thread:
        driver = thread.submit(sync_playwright().start).result()
        try:
            yield lambda work, *given: thread.submit(work, driver, *given).result()
        finally:
            thread.submit(driver.stop).result()


def _call(bench: Bench) -> float:
    arguments = {"html": _PAGE, "actions": [{"action": "screenshot", "name": "page.png"}]}
    return bench.execute(bench.plan("browser", arguments))


def _outside(driver: Playwright, program: str, has_sandbox: bool) -> float:
    from apps.tools.runners.browser.running import ARGUMENTS

    began = time.perf_counter()
    launched: dict[str, Any] = {"args": list(ARGUMENTS), "chromium_sandbox": has_sandbox}
    browser = driver.chromium.launch(executable_path=program, **launched)
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_content(_PAGE)
    try:
        page.screenshot()
    except Error:  # a young browser may have drawn nothing yet
        page.screenshot()
    page.title()
    browser.close()
    return (time.perf_counter() - began) * 1000


def _as_user(folder: Path, chromium: str) -> str:
    if os.geteuid() != 0:
        return chromium
    path = folder / "chromium"
    if not path.exists():
        path.write_text(_SCRIPT.format(user=_USER, chromium=chromium))
        path.chmod(0o755)
    return str(path)
