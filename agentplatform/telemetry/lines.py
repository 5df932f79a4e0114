"""A line of the log: what is on it, as JSON, and the stream that it goes to."""

import json
import logging

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from agentplatform.core.mask import mask_secrets, mask_text

_FIRST = ("timestamp", "level", "service", "message")


def beginning(service: str) -> list[Processor]:
    """What a line gets first: what is bound, its level, the time and the process's name."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
    ]


def ending() -> list[Processor]:
    """What makes the text of it."""
    return [
        structlog.processors.format_exc_info,
        _upper_case_level,
        _mask,
        structlog.processors.EventRenamer("message"),
        render_line,
    ]


class LineHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error: other libraries' records, and our own lines, which are finished."""

    def write_line(self, line: str) -> None:
        """At once and whole, whoever else writes."""
        self.acquire()
        try:
            self.stream.write(f"{line}\n")
            self.flush()
        finally:
            self.release()

    debug = info = warning = error = critical = write_line


class _Service:
    """Puts the name of the process on the line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", self._name)
        return event


def _upper_case_level(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["level"] = str(event.get("level", "info")).upper()
    return event


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return mask_secrets(dict(event))


def render_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """The JSON text, what every line has first; no value in it looks like a key or a password."""
    event.pop("color_message", None)
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | dict(event)
    return mask_text(_to_json(ordered))


def _to_json(values: dict[str, object]) -> str:
    try:
        return orjson.dumps(values, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, half a surrogate pair
        return json.dumps(values, default=str)
