"""Database connections in threads that mostly wait for something else."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.tenancy import APPLICATION

CONNECT_SECONDS = 5


@contextmanager
def brief_connection() -> Iterator[None]:
    """Give this thread's connections back to the pool after the block, so that threads which wait
    for a model or a tool hold none. A transaction that is open keeps its connection."""
    try:
        yield
    finally:
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()


def drop_broken_connections() -> None:
    """Give up this thread's connections on which a statement failed and that no longer answer, and
    those of their pools that do not either: what broke one has often broken all. The next query
    makes new ones. Without a failure it costs nothing."""
    for connection in connections.all(initialized_only=True):
        if not connection.errors_occurred:
            continue
        connection.errors_occurred = connection.connection is not None
        connection.close_if_unusable_or_obsolete()
        pool = getattr(connection, "pool", None)
        if connection.connection is None and pool is not None:
            pool.check()


@contextmanager
def own_connection() -> Iterator[BaseDatabaseWrapper]:
    """A connection of the application's role beside the pool, closed after the block: for the
    process that reads messages, which may fork later and must leave the pools alone."""
    connection = connections[APPLICATION].copy()
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options["connect_timeout"] = CONNECT_SECONDS
    try:
        yield connection
    finally:
        connection.close()
