"""Do what a page is asked to do."""

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Download, Error, FilePayload, Locator, Response

from apps.tools.runners.browser import reading
from apps.tools.runners.browser.order import artifact_id
from apps.tools.runners.browser.session import LONGEST_URL
from apps.tools.runners.browser.visit import Action, Visit

_DOWNLOAD_MS = 30_000.0
"""How long a host may take to begin with what a click asked for."""

Until = Literal["commit", "domcontentloaded", "load", "networkidle"]


async def perform(visit: Visit, action: Action) -> None:
    """Do one action of ACTIONS_SCHEMA. Raises Playwright's errors, TooMuch and NotSaved."""
    await _PERFORMERS[action["action"]](visit, action)


async def _goto(visit: Visit, action: Action) -> None:
    response = await _visited(visit, action["url"], until=action.get("until", "load"))
    status = response.status if response else None
    visit.session.visited.append({"url": visit.page.url[:LONGEST_URL], "status": status})


async def _visited(visit: Visit, url: str, *, until: Until = "load") -> Response | None:
    response = await visit.page.goto(url, wait_until=until, timeout=visit.session.working_ms)
    if response is not None and "x-egress-refused" in response.headers:
        raise Error("The proxy did not let the request out.")
    return response


async def _click(visit: Visit, action: Action) -> None:
    await _target(visit, action).click(timeout=visit.session.patience_ms)


async def _fill(visit: Visit, action: Action) -> None:
    await _target(visit, action).fill(action["text"], timeout=visit.session.patience_ms)


async def _select(visit: Visit, action: Action) -> None:
    target = _target(visit, action)
    await target.select_option(action["values"], timeout=visit.session.patience_ms)


async def _press(visit: Visit, action: Action) -> None:
    if "selector" in action:
        await _target(visit, action).press(action["key"], timeout=visit.session.patience_ms)
    else:
        await visit.page.keyboard.press(action["key"])


async def _wait_for(visit: Visit, action: Action) -> None:
    wanted = action["seconds"] * 1000 if "seconds" in action else visit.session.patience_ms
    await _target(visit, action).wait_for(
        state=action.get("state", "visible"), timeout=min(wanted, visit.session.working_ms)
    )


async def _screenshot(visit: Visit, action: Action) -> None:
    try:
        image = await _picture(visit, action)
    except Error as error:
        if "Unable to capture screenshot" not in error.message:
            raise
        image = await _picture(visit, action)  # a young browser may have drawn nothing yet
    visit.session.keep(action.get("name", "screenshot.png"), image)


async def _picture(visit: Visit, action: Action) -> bytes:
    if "selector" in action:
        return await _target(visit, action).screenshot(timeout=visit.session.patience_ms)
    return await visit.page.screenshot(
        full_page=action.get("full_page", False), timeout=visit.session.working_ms
    )


async def _pdf(visit: Visit, action: Action) -> None:
    visit.session.keep(action.get("name", "page.pdf"), await visit.page.pdf(print_background=True))


async def _download(visit: Visit, action: Action) -> None:
    session = visit.session
    got = await (_clicked if "selector" in action else _fetched)(visit, action)
    session.save(got.url)
    name = action.get("name")
    if isinstance(got, Response):
        name = name or PurePosixPath(urlsplit(got.url).path).name or "download"
        content = await got.body()
        session.keep(name, content)
        size = len(content)
    else:
        name = name or got.suggested_filename
        path = await got.path()
        file, size = visit.downloads.take(path.name, session.limits.artifact_bytes)
        session.keep_file(name, file, size)
    session.report("download", url=got.url[:LONGEST_URL], name=name, size_bytes=size)


async def _clicked(visit: Visit, action: Action) -> Download:
    """What a click makes the browser save."""
    patience_ms = min(_DOWNLOAD_MS, visit.session.working_ms)
    async with visit.page.expect_download(timeout=patience_ms) as expected:
        await _target(visit, action).click(timeout=visit.session.patience_ms)
    return await expected.value


async def _fetched(visit: Visit, action: Action) -> Download | Response:
    """What is saved when an address is visited, or shown."""
    begun: asyncio.Future[Download] = asyncio.get_running_loop().create_future()

    def on_download(download: Download) -> None:
        if not begun.done():
            begun.set_result(download)

    visit.page.on("download", on_download)
    try:
        shown = await _visited(visit, action["url"])
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return await begun
    finally:
        visit.page.remove_listener("download", on_download)
    if shown is None:
        raise Error("The address gave nothing.")
    return shown


async def _upload(visit: Visit, action: Action) -> None:
    payloads: list[FilePayload] = [
        {
            "name": name,
            "mimeType": mimetypes.guess_type(name)[0] or "application/octet-stream",
            "buffer": visit.uploads[artifact_id(wanted)],
        }
        for name, wanted in action["files"].items()
    ]
    await _target(visit, action).set_input_files(payloads, timeout=visit.session.patience_ms)


def _target(visit: Visit, action: Action) -> Locator:
    return visit.page.locator(action["selector"]).first


_PERFORMERS: Mapping[str, Callable[[Visit, Action], Awaitable[None]]] = {
    "goto": _goto,
    "click": _click,
    "fill": _fill,
    "select": _select,
    "press": _press,
    "wait_for": _wait_for,
    "extract": reading.extract,
    "table": reading.table,
    "links": reading.links,
    "attributes": reading.attributes,
    "screenshot": _screenshot,
    "pdf": _pdf,
    "download": _download,
    "upload": _upload,
}
