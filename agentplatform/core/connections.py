"""Database connections in threads that mostly wait for something else."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


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
