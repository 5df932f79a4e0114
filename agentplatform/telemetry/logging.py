"""Logs: one JSON object a line on standard error, from structlog and from everyone else."""

import logging
import logging.config
from typing import Any

import structlog

from agentplatform.telemetry.lines import LineHandler, beginning, ending

_steps: list[Any] = []
"""One list, whatever configures again: loggers that are in use keep the one they began with."""


def configure(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: `service` goes on every line, `level` is the lowest logged.

    Our own events do not pass through the standard library, which takes most of a line's time.
    """
    service, level = options["service"], options["level"]
    logging.captureWarnings(True)
    logging.config.dictConfig(_standard_library(service, level))
    handler = logging.getLogger().handlers[0]
    _steps[:] = [*beginning(service), *ending()]
    structlog.configure(
        processors=_steps,
        logger_factory=lambda *_: handler,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def _standard_library(service: str, level: str) -> dict[str, Any]:
    through: dict[str, Any] = {"handlers": [], "level": "NOTSET", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*beginning(service), structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *ending(),
                ],
            }
        },
        "handlers": {"standard_error": {"()": LineHandler, "formatter": "json"}},
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
            # What a server said wrong: its call's failure tells, as far as it is to be told.
            "mcp": through | {"level": "CRITICAL"},
        },
    }
