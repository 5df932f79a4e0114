"""Times of the database, read by the standard library's parser.

Django's and psycopg's takes fifteen times as long, and a row of ours has a handful of times.
"""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.adapt import AdaptersMap


class TimeLoader(BaseTzLoader):
    """Reads a `timestamptz` as PostgreSQL writes it in a session in UTC."""

    timezone = UTC

    def load(self, data: Any) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode())
        except ValueError:  # before the year 1, after 9999 or infinite
            return super().load(data)  # type: ignore[no-any-return]


def with_times(adapters: AdaptersMap) -> AdaptersMap:
    """A copy of `adapters` that reads times so."""
    copy = AdaptersMap(adapters)
    copy.register_loader("timestamptz", TimeLoader)
    return copy
