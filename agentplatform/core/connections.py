"""Database connections in threads that mostly wait for something else."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def brief_connection() -> Iterator[None]:
    """Give this thread's connection back to the pool after the block, so that threads which wait
    for a model or a tool hold none. A transaction that is open keeps its connection."""
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            connection.close()
