"""The only place that reads the clock; everything else takes the time as `at`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)
