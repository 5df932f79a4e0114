"""What the processes of a program hold beside its folder, by their open files and mappings."""

import os
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

from apps.tools.runners.confine.identity import looking_as
from apps.tools.runners.confine.mappings import mapped
from apps.tools.runners.confine.proc import has_memory, look_at, read

_REMOVED = " (deleted)"
_SOCKET = "socket:"


@dataclass
class Holdings:
    """`removed` are the open files that are in no folder any more, by their number, with their
    bytes; one that is only mapped, whose size cannot be seen, counts as large as a file may be.
    `is_hidden` says that a process does not let its open files be seen."""

    removed: dict[int, int] = field(default_factory=dict)
    mapped_only: int = 0
    sockets: set[str] = field(default_factory=set)
    is_hidden: bool = False

    @property
    def file_bytes(self) -> int:
        """Of all removed files."""
        return sum(self.removed.values()) + self.mapped_only


def find_holdings(
    pids: Iterable[int], folder: str, *, user: int | None, file_bytes: int
) -> Holdings:
    """What these processes hold of what was below `folder`. A worker that is root looks as `user`,
    whose they are: it may lack the right to look at others'."""
    found = Holdings()
    mapped_files: set[int] = set()
    with nullcontext() if user is None else looking_as(user):
        for pid in pids:
            place, status = look_at("/proc", pid)
            if has_memory(status):
                _add_open_files(found, place, folder)
                mapped_files |= mapped(place, below=os.fsencode(folder)).removed
    found.mapped_only = len(mapped_files - found.removed.keys()) * file_bytes
    return found


def _add_open_files(found: Holdings, place: str, folder: str) -> None:
    try:
        names = os.listdir(f"{place}/fd")  # noqa: PTH208
    except PermissionError:
        found.is_hidden |= has_memory(read(f"{place}/status"))
        return
    except OSError:  # it has ended
        return
    for name in names:
        try:
            target = os.readlink(f"{place}/fd/{name}")  # noqa: PTH115
            if target.startswith(_SOCKET):
                found.sockets.add(target)
            elif target.endswith(_REMOVED) and target.startswith(folder):
                about = os.stat(f"{place}/fd/{name}")  # noqa: PTH116
                found.removed[about.st_ino] = about.st_blocks * 512
        except OSError:  # closed meanwhile
            continue
