"""What holds a jail to its limits as a whole, and measures it."""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import Protocol

from apps.tools.runners.limits import Limits

STARTERS = 2
"""Processes of a group beside the program's: the jail's starter and its first process."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a group has used by now. `has_run_out` says whether the kernel ended a process of it
    for want of memory."""

    cpu_ms: int
    peak_memory_bytes: int
    has_run_out: bool


class Group(Protocol):
    """The processes of one jail, as the kernel sees them."""

    def starting(self) -> AbstractContextManager[None]:
        """What the calling thread starts meanwhile belongs to the group."""
        ...

    def add(self, pid: int) -> None:
        """A process that has started nothing yet belongs to the group, if it did not before."""
        ...

    def usage(self) -> Usage | None:
        """None: nobody measures; look at the processes."""
        ...

    def close(self) -> None:
        """Forget the group, whose processes are dead. Harmless twice."""
        ...


class Groups(Protocol):
    """Where groups can be made on this machine."""

    name: str

    def make(self, limits: Limits) -> Group:
        """A group that the kernel holds to `limits`. Raises OSError when it cannot be made."""
        ...


class ByAffinity:
    """The next best thing where no control groups can be made: each jail has as many processors
    as it may keep busy, by turns, and its memory is left to whoever samples it."""

    name = "sampling"

    def __init__(self) -> None:
        self._turns = count()
        self._lock = threading.Lock()

    def make(self, limits: Limits) -> Group:
        there = sorted(os.sched_getaffinity(0))
        with self._lock:
            turn = next(self._turns)
        wanted = min(len(there), ceil(limits.cpus))
        return _Pinned({there[(turn * wanted + offset) % len(there)] for offset in range(wanted)})


class _Pinned:
    def __init__(self, processors: set[int]) -> None:
        self._processors = processors

    @contextmanager
    def starting(self) -> Iterator[None]:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self._processors)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)

    def add(self, pid: int) -> None:
        pass

    def usage(self) -> Usage | None:
        return None

    def close(self) -> None:
        pass
