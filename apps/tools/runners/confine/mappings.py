"""Mappings of processes: the kernel keeps a record of each, however little it maps."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.tools.runners.confine.proc import has_memory, look_at, read
from apps.tools.runners.confine.rhythm import Rhythm

_RECORD_BYTES = 256
_MOST = 65_530  # of a process, as the kernel comes
_CHUNK_BYTES = 1 << 16
_EVERY_SECONDS, _SHARE = 0.25, 5


@dataclass
class Mapped:
    """Of one process: how many mappings it has, and the removed files that it maps, each by its
    number."""

    count: int = 0
    removed: set[int] = field(default_factory=set)


class MappingMemory:
    """What the kernel holds for the mappings of a group of processes. They are counted now and
    then: it takes long where there are many."""

    def __init__(self) -> None:
        self._rhythm = Rhythm(_EVERY_SECONDS, share=_SHARE)
        self._bytes = 0

    def used(self, pids: Iterable[int | str], *, proc: str = "/proc") -> int:
        """Bytes, as they were counted last."""
        if self._rhythm.is_due:
            with self._rhythm.taken():
                folders = (look_at(proc, pid)[0] for pid in pids)
                self._bytes = sum(mapped(one).count for one in folders) * _RECORD_BYTES
        return self._bytes


def mapped(folder: str, *, below: bytes | None = None) -> Mapped:
    """The mappings of the process whose folder this is; of removed files those `below` a path. A
    process that hides them is taken to have as many as there may be."""
    found = Mapped()
    rest = b""
    try:
        descriptor = os.open(f"{folder}/maps", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        found.count = _MOST if has_memory(read(f"{folder}/status")) else 0
        return found
    try:
        while part := os.read(descriptor, _CHUNK_BYTES):
            found.count += part.count(b"\n")
            if below is not None:
                *lines, rest = (rest + part).split(b"\n")
                found.removed |= {_number(line) for line in lines if _is_removed(line, below)}
    except OSError:  # it has ended meanwhile
        pass
    finally:
        os.close(descriptor)
    return found


def _is_removed(line: bytes, below: bytes) -> bool:
    return line.endswith(b" (deleted)") and below in line


def _number(line: bytes) -> int:
    """Of the file in a line of `maps` (proc(5)): addresses, rights, offset, device, number, path.
    The device is not always the one by which others know the file."""
    return int(line.split(maxsplit=5)[4])
