"""Locks on files that a group of processes holds: memory of the kernel's that is charged to nobody,
and that nothing bounds."""

import os
from collections.abc import Callable, Collection

from apps.tools.runners.confine.rhythm import Rhythm

_MOST = 20_000  # no database has as many
_EVERY_SECONDS, _SHARE = 0.5, 5
_CHUNK_BYTES = 1 << 16


class Locks:
    """Counts them now and then."""

    def __init__(self) -> None:
        self._rhythm = Rhythm(_EVERY_SECONDS, share=_SHARE)
        self._rhythm.rest()  # most programs have ended by then

    def are_too_many(
        self, *, proc: str = "/proc", pids: Callable[[], Collection[int]] | None = None
    ) -> bool:
        """Whether more are held than any program needs: by the processes of a /proc of their own,
        or by `pids` among those of the machine."""
        if not self._rhythm.is_due:
            return False
        with self._rhythm.taken():
            return _count(f"{proc}/locks", None if pids is None else set(pids())) > _MOST


def _count(path: str, pids: set[int] | None) -> int:
    """Up to a few more than _MOST: the kernel takes the longer for each, the more there are."""
    count = 0
    rest = b""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # this machine does not tell
        return 0
    try:
        while count <= _MOST and (part := os.read(descriptor, _CHUNK_BYTES)):
            *lines, rest = (rest + part).split(b"\n")
            holders = map(_holder, lines)
            count += sum(one in pids if pids is not None else one > 0 for one in holders)
    finally:
        os.close(descriptor)
    return count


def _holder(line: bytes) -> int:
    """The process in a line of `locks` (proc(5)): number, kind, force, mode, process, file, start,
    end; an arrow behind the number means that it waits. Not positive: nobody who can be named."""
    words = line.replace(b"-> ", b"").split()
    return int(words[4])
