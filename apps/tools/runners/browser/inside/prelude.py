"""Runs in the sandbox and gives a caller's script its browser. Standard library and Playwright
only: its source becomes the first part of the program, whose last line calls `main`.

A script that imports Playwright starts its own; any other finds `page`, `context`, `browser` and
`playwright`. Every Chromium that it launches is the sandbox's, started as the sandbox needs it.
"""

import ast
import functools
import linecache
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

_SCRIPT = "script.py"
_FAILURE = "/box/artifacts/failure.png"
_PATIENCE_MS = 10_000
_PICTURE_MS = 2_000
# Where Chromium cannot build a sandbox of its own inside this one.
_WITHOUT_ITS_OWN = {"chromium_sandbox": False}


def main(source: str, names: dict[str, Any], settings: dict[str, Any]) -> None:
    """Run the script. `settings` has Chromium's path, arguments, environment and fonts, and the
    viewport of the page."""
    linecache.cache[_SCRIPT] = (len(source), None, source.splitlines(keepends=True), _SCRIPT)
    sys.excepthook = _complain
    sys.argv = [_SCRIPT]
    code = compile(source, _SCRIPT, "exec")
    known = {"__name__": "__main__", "__file__": _SCRIPT, **names}
    _equip(settings)
    if _imports_playwright(source):
        exec(code, known)  # noqa: S102
    else:
        _run_with_page(code, known, settings)


def _imports_playwright(source: str) -> bool:
    wanted: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            wanted.append(node.module or "")
    return any(name.partition(".")[0] == "playwright" for name in wanted)


def _run_with_page(code: CodeType, known: dict[str, Any], settings: dict[str, Any]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch()
        context = browser.new_context(viewport=settings["viewport"])
        _listen(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        given = {"playwright": playwright, "browser": browser, "context": context, "page": page}
        known.update(given)
        try:
            exec(code, known)  # noqa: S102
        except Exception:
            _keep_picture(page)
            raise


def _listen(context: Any) -> None:
    """Tell what pages say on the standard error."""

    def tell(kind: str, what: object) -> None:
        sys.stderr.write(f"{kind}: {what}"[:10_000] + "\n")

    context.on("console", lambda message: tell(message.type, message.text))
    context.on("weberror", lambda error: tell("page error", error.error))
    context.on(
        "requestfailed",
        lambda request: tell(
            "failed request", f"{request.method} {request.url[:500]}: {request.failure}"
        ),
    )


def _keep_picture(page: Any) -> None:
    from playwright.sync_api import Error

    try:
        page.screenshot(path=_FAILURE, timeout=_PICTURE_MS)
    except Error:
        return  # the page has ended, or shows nothing any more


def _equip(settings: dict[str, Any]) -> None:
    """Make every launch of Chromium one of the sandbox's Chromium."""
    from playwright import async_api, sync_api

    fixed = {
        "executable_path": settings["path"],
        "env": {**os.environ, **settings["environment"], **_font_settings(settings["fonts"])},
        "headless": True,
        "channel": None,
    }
    wish = functools.partial(_wish, fixed, settings["arguments"])
    for name in ("launch", "launch_persistent_context"):
        for owner, wrap in ((sync_api.BrowserType, _wrap), (async_api.BrowserType, _wrap_async)):
            setattr(owner, name, wrap(getattr(owner, name), wish))


def _wish(
    fixed: dict[str, Any], arguments: list[str], browser: Any, named: dict[str, Any]
) -> dict[str, Any]:
    if browser.name != "chromium":
        return named
    given = named.get("args") or ()
    return {"chromium_sandbox": True, **named, **fixed, "args": [*arguments, *given]}


def _wrap(launch: Callable[..., Any], wish: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    from playwright.sync_api import Error

    @functools.wraps(launch)
    def launched(browser: Any, *given: Any, **named: Any) -> Any:
        wanted = wish(browser, named)
        try:
            return launch(browser, *given, **wanted)
        except Error:
            return launch(browser, *given, **{**wanted, **_WITHOUT_ITS_OWN})

    return launched


def _wrap_async(
    launch: Callable[..., Any], wish: Callable[..., dict[str, Any]]
) -> Callable[..., Any]:
    from playwright.async_api import Error

    @functools.wraps(launch)
    async def launched(browser: Any, *given: Any, **named: Any) -> Any:
        wanted = wish(browser, named)
        try:
            return await launch(browser, *given, **wanted)
        except Error:
            return await launch(browser, *given, **{**wanted, **_WITHOUT_ITS_OWN})

    return launched


def _font_settings(fonts: str) -> dict[str, str]:
    if not fonts:
        return {}
    path = Path("/tmp/fonts.conf")  # noqa: S108
    path.write_text(fonts)
    return {"FONTCONFIG_FILE": str(path)}


def _complain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback that begins in the script."""
    while trace is not None and trace.tb_frame.f_code.co_filename != _SCRIPT:
        trace = trace.tb_next
    traceback.print_exception(kind, error, trace)
