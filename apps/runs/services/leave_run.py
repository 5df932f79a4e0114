"""Leave a run as it is that another release wrote, for a worker of that release."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from apps.runs.contracts import OtherRelease

log = structlog.get_logger("runs")


@contextmanager
def leaving_foreign(**ids: object) -> Iterator[None]:
    """End the block quietly when it raises OtherRelease: its transaction is rolled back, so that
    recovery sends the work again until a worker knows it. `ids` are for the log."""
    try:
        yield
    except OtherRelease as other:
        log.warning("run.left", detail=other.detail, **{key: str(ids[key]) for key in ids})
