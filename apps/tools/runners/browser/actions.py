"""Do what a page is asked to do."""

import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from playwright.async_api import Error, FilePayload, Locator

from apps.tools.runners.browser import reading
from apps.tools.runners.browser.order import artifact_id
from apps.tools.runners.browser.visit import Action, Visit

_LONGEST_URL = 4000


async def perform(visit: Visit, action: Action) -> None:
    """Do one action of ACTIONS_SCHEMA. Raises Playwright's errors, TooMuch and NotSaved."""
    await _PERFORMERS[action["action"]](visit, action)


async def _goto(visit: Visit, action: Action) -> None:
    response = await visit.page.goto(
        action["url"],
        wait_until=action.get("until", "load"),
        timeout=visit.session.working_ms,
    )
    status = response.status if response else None
    visit.session.visited.append({"url": visit.page.url[:_LONGEST_URL], "status": status})


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
    if "selector" in action:
        image = await _target(visit, action).screenshot(timeout=visit.session.patience_ms)
    else:
        full = action.get("full_page", False)
        image = await visit.page.screenshot(full_page=full, timeout=visit.session.working_ms)
    visit.session.keep(action.get("name", "screenshot.png"), image)


async def _pdf(visit: Visit, action: Action) -> None:
    visit.session.keep(action.get("name", "page.pdf"), await visit.page.pdf(print_background=True))


async def _download(visit: Visit, action: Action) -> None:
    session = visit.session
    async with visit.page.expect_download(timeout=session.working_ms) as expected:
        if "selector" in action:
            await _target(visit, action).click(timeout=session.patience_ms)
        else:
            with suppress(Error):  # what is saved in place of being shown counts as not shown
                await visit.page.goto(action["url"], timeout=session.working_ms)
    download = await expected.value
    path = await download.path()
    content, size = visit.downloads.take(path.name, session.limits.artifact_bytes)
    name = action.get("name") or download.suggested_filename
    session.keep_file(name, content, size)
    session.report("download", url=download.url[:_LONGEST_URL], name=name, size_bytes=size)


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
