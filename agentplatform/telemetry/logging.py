"""Logs: one JSON object a line on standard error, from structlog and from everyone else."""

import logging
import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from agentplatform.core.mask import mask_secrets, mask_text


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: `service` goes on every line, `level` is the lowest logged."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(options["service"]),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(True)
    logging.config.dictConfig(_standard_library(shared, options["level"]))


def _standard_library(shared: list[Any], level: str) -> dict[str, Any]:
    through: dict[str, Any] = {"handlers": [], "level": "NOTSET", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _upper_case_level,
                    _mask,
                    structlog.processors.EventRenamer("message"),
                    render_line,
                ],
            }
        },
        "handlers": {"standard_error": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["standard_error"], "level": level},
        "loggers": {
            "django": through,
            "django.request": through | {"level": "ERROR"},
            "django.server": through,
            "uvicorn": through,
            "uvicorn.error": through,
            "uvicorn.access": through | {"level": "WARNING"},
            "celery": through,
            "celery.worker.strategy": through | {"level": "WARNING"},
            "celery.app.trace": through | {"level": "WARNING"},
            "celery.beat": through | {"level": "WARNING"},
            "botocore": through | {"level": "WARNING"},
            "httpx": through | {"level": "WARNING"},
            "httpx2": through | {"level": "WARNING"},
        },
    }


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


_FIRST = ("timestamp", "level", "service", "message")
_to_json = structlog.processors.JSONRenderer(default=str)


def render_line(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """The JSON text, what every line has first; no value in it looks like a key or a password."""
    event.pop("color_message", None)
    ordered = {key: event.pop(key) for key in _FIRST if key in event} | dict(event)
    return mask_text(str(_to_json(logger, method, ordered)))
