"""What a call asks for, checked and with its files at hand."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from playwright.async_api import ViewportSize

from agentplatform.core.errors import NotFound
from apps.tools.egress.session import Egress
from apps.tools.runners.browser.guard import Watch
from apps.tools.runners.browser.seats import Household
from apps.tools.runners.browser.visit import Action
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.work import ToolFailure, Work

_BLANK = "about:blank"
_DEFAULT_ACTIONS: Sequence[Action] = (
    {"action": "screenshot", "name": "page.png", "full_page": True},
)
_SOMETHING_TO_SHOW = ("html", "url", "actions")
_PROCESSES, _OPEN_FILES = 2048, 4096
_CPU_WINDOW_SECONDS = 1.0
_UPLOAD_BYTES = 50 * MEGABYTE


@dataclass(frozen=True, kw_only=True)
class Order:
    """The call's actions with their places in the arguments, its files by artifact id, its limits,
    its way out and its end, and who may share its browser."""

    arguments: Mapping[str, Any]
    actions: tuple[tuple[str, Action], ...]
    uploads: Mapping[str, bytes]
    limits: Limits
    egress: Egress
    watch: Watch
    household: Household

    @property
    def viewport(self) -> ViewportSize:
        return viewport_of(self.arguments)

    @property
    def has_downloads(self) -> bool:
        return any(action["action"] == "download" for _, action in self.actions)


def browser_limits(limits: Limits) -> Limits:
    """A call's limits as a browser needs them: its threads count as processes, it reserves more
    memory than it uses, and it starts on several processors at once, then rests."""
    return replace(
        limits,
        process_bytes=None,
        processes=_PROCESSES,
        open_files=_OPEN_FILES,
        cpu_window_seconds=_CPU_WINDOW_SECONDS,
    )


def viewport_of(arguments: Mapping[str, Any]) -> ViewportSize:
    """The size of pages."""
    given = arguments.get("viewport", {"width": 1280, "height": 800})
    return {"width": given["width"], "height": given["height"]}


def read_order(work: Work) -> Order:
    """Raises ToolFailure, naming the argument to change."""
    arguments = work.arguments
    actions = tuple(_places(arguments))
    if arguments.get("html") and arguments.get("url", _BLANK) != _BLANK:
        raise _invalid("arguments", "give either html or url; to visit a page later, use goto.")
    if not any(arguments.get(name) for name in _SOMETHING_TO_SHOW):
        raise _invalid("arguments", "give html, a url, actions that begin with goto, or a script.")
    for place, action in actions:
        _check(place, action, has_network=bool(work.egress.rules))
    if "html" not in arguments and "url" not in actions[0][1]:
        raise _invalid(
            actions[0][0], "there is no page yet; give html or a url, or begin with goto."
        )
    limits = browser_limits(work.limits)
    return Order(
        arguments=arguments,
        actions=actions,
        uploads=_uploads(work, actions),
        limits=limits,
        egress=work.egress,
        watch=Watch(deadline=time.monotonic() + work.limits.wall_seconds, stop=work.stop),
        household=Household(
            tenant_id=work.caller.tenant_id,
            run_id=work.caller.run_id,
            limits=replace(limits, wall_seconds=0.0),
        ),
    )


def _places(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Action]]:
    if (url := arguments.get("url", _BLANK)) != _BLANK:
        yield "arguments.url", {"action": "goto", "url": url}
    if actions := arguments.get("actions"):
        for index, action in enumerate(actions):
            yield f"arguments.actions[{index}] ({action['action']})", action
    else:
        yield from (("arguments.actions", action) for action in _DEFAULT_ACTIONS)


def _check(place: str, action: Action, *, has_network: bool) -> None:
    if action["action"] == "download" and ("selector" in action) == ("url" in action):
        raise _invalid(place, "a download needs either a selector to click or a url.")
    if "url" not in action:
        return
    if not action["url"].lower().startswith(("http://", "https://")):
        raise _invalid(place, "only http:// and https:// can be visited; give the page as html.")
    if not has_network:
        raise ToolFailure(
            "egress_refused",
            f"{place}: the browser has no network, as no host is allowed; give the page as html, "
            "or ask an operator to allow the host.",
        )


def _uploads(work: Work, actions: Sequence[tuple[str, Action]]) -> dict[str, bytes]:
    """The files that actions give to the page. They travel through memory, so they are few."""
    found: dict[str, bytes] = {}
    for place, action in actions:
        for name, wanted in action.get("files", {}).items():
            given = artifact_id(wanted)
            if given in found:
                continue
            try:
                with work.open_input(UUID(given)) as content:
                    left = _UPLOAD_BYTES - sum(map(len, found.values()))
                    found[given] = content.read(left + 1)
            except (ValueError, NotFound) as error:
                raise _invalid(place, f"{name}: there is no artifact {given[:100]!r}.") from error
            if len(found[given]) > left:
                raise _invalid(place, f"{name}: a call can upload 50 MB in all.")
    return found


def artifact_id(wanted: Any) -> str:
    """The id in either way in which an artifact is named."""
    return str(wanted["artifact_id"] if isinstance(wanted, Mapping) else wanted)


def _invalid(place: str, detail: str) -> ToolFailure:
    return ToolFailure("invalid_arguments", f"{place}: {detail}")
