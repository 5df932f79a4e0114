"""What a page can be asked to do, and the schema of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from apps.tools.runners.limits import Limits
from apps.tools.runners.work import ProducedFile

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SELECTOR = {"type": "string", "minLength": 1, "maxLength": 1000}
_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_MOST_TEXTS = 1000
_LONGEST_TEXT = 10_000


class TooMuch(Exception):
    """The page has produced more than a call may keep."""


@dataclass
class Session:
    """What a page has produced so far, and until when it may work. Its console and its errors
    are kept up to the output limit."""

    limits: Limits
    deadline: float
    files: list[ProducedFile] = field(default_factory=list)
    extracted: list[dict[str, Any]] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    title: str = ""
    said_bytes: int = 0

    def keep(self, name: str, content: bytes) -> None:
        """Keep a file. Raises TooMuch over the limits."""
        size = sum(file.size_bytes for file in self.files) + len(content)
        if len(content) > self.limits.artifact_bytes or size > self.limits.artifacts_bytes:
            raise TooMuch
        self.files.append(ProducedFile.of(name, content))

    def note(self, line: str) -> None:
        """Keep a line of the console while there is room."""
        if self._has_room(line):
            self.console.append(line)

    def complain(self, line: str) -> None:
        """Keep an error of the page while there is room."""
        if self._has_room(line):
            self.errors.append(line)

    def _has_room(self, line: str) -> bool:
        self.said_bytes += len(line.encode("utf-8", "replace")) + 1
        return self.said_bytes <= self.limits.output_bytes

    @property
    def left_ms(self) -> float:
        """How long the page may still work."""
        return max(1.0, (self.deadline - time.monotonic()) * 1000)

    @property
    def patience_ms(self) -> float:
        """How long one action may wait for its element."""
        return min(10_000.0, self.left_ms)


def perform(session: Session, page: "Page", action: dict[str, Any]) -> None:
    """Do one action of ACTIONS_SCHEMA. Raises Playwright's errors, and TooMuch."""
    _PERFORMERS[action["action"]](session, page, action)


def _screenshot(session: Session, page: "Page", action: dict[str, Any]) -> None:
    image = page.screenshot(full_page=action.get("full_page", False))
    session.keep(action.get("name", "screenshot.png"), image)


def _pdf(session: Session, page: "Page", action: dict[str, Any]) -> None:
    session.keep(action.get("name", "page.pdf"), page.pdf(print_background=True))


def _extract(session: Session, page: "Page", action: dict[str, Any]) -> None:
    texts = page.locator(action["selector"]).all_inner_texts()
    kept = [text[:_LONGEST_TEXT] for text in texts[:_MOST_TEXTS]]
    session.extracted.append({"selector": action["selector"], "texts": kept})


def _click(session: Session, page: "Page", action: dict[str, Any]) -> None:
    page.locator(action["selector"]).first.click(timeout=session.patience_ms)


def _fill(session: Session, page: "Page", action: dict[str, Any]) -> None:
    target = page.locator(action["selector"]).first
    target.fill(action["text"], timeout=session.patience_ms)


def _wait_for(session: Session, page: "Page", action: dict[str, Any]) -> None:
    page.locator(action["selector"]).first.wait_for(timeout=session.patience_ms)


_PERFORMERS: dict[str, Callable[[Session, "Page", dict[str, Any]], None]] = {
    "screenshot": _screenshot,
    "pdf": _pdf,
    "extract": _extract,
    "click": _click,
    "fill": _fill,
    "wait_for": _wait_for,
}


def _schema(action: str, required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"action": {"const": action}, **properties},
        "required": ["action", *required],
        "additionalProperties": False,
    }


ACTIONS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": 50,
    "items": {
        "anyOf": [
            _schema("screenshot", name=_NAME, full_page={"type": "boolean"}),
            _schema("pdf", name=_NAME),
            _schema("extract", ("selector",), selector=_SELECTOR),
            _schema("click", ("selector",), selector=_SELECTOR),
            _schema(
                "fill",
                ("selector", "text"),
                selector=_SELECTOR,
                text={"type": "string", "maxLength": 100_000},
            ),
            _schema("wait_for", ("selector",), selector=_SELECTOR),
        ]
    },
}
