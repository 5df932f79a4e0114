"""How much lies in a folder that a program is writing to."""

import os
from dataclasses import dataclass
from pathlib import Path

_DEEPEST = 400
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass
class Use:
    """What was found; more than `most` entries are not looked at."""

    bytes: int = 0
    inodes: int = 0


def measure(folder: Path, *, most: int) -> Use:
    """The space and the number of files and folders below `folder`, following no link.

    Folders nested deeper than any program needs count as too many files.
    """
    use = Use()
    top = os.open(folder, _OPEN)
    try:
        _add(top, 0, use, most)
    finally:
        os.close(top)
    return use


def _add(folder: int, depth: int, use: Use, most: int) -> None:
    if depth > _DEEPEST:
        use.inodes += most + 1
    with os.scandir(folder) as entries:
        for entry in entries:
            use.inodes += 1
            if use.inodes > most:
                return
            try:
                use.bytes += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    _enter(folder, entry.name, depth, use, most)
            except OSError:  # it has gone meanwhile
                continue


def _enter(folder: int, name: str, depth: int, use: Use, most: int) -> None:
    inner = os.open(name, _OPEN, dir_fd=folder)
    try:
        _add(inner, depth + 1, use, most)
    finally:
        os.close(inner)
