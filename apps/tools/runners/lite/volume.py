"""How much lies in a folder that a program is writing to."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DEEPEST = 100
_HANDLE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
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
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            use.inodes += 1
            if use.inodes > most:
                return
            try:
                use.bytes += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
            except OSError:  # it has gone meanwhile
                continue
    for name in folders:
        with suppress(OSError):  # as above
            _enter(folder, name, depth, use, most)


def _enter(folder: int, name: str, depth: int, use: Use, most: int) -> None:
    inner = _open(folder, name)
    try:
        _add(inner, depth + 1, use, most)
    finally:
        os.close(inner)


def _open(folder: int, name: str) -> int:
    """The folder, made readable where its maker may only enter it."""
    try:
        return os.open(name, _OPEN, dir_fd=folder)
    except PermissionError:
        handle = os.open(name, _HANDLE, dir_fd=folder)
    try:
        os.chmod(f"/proc/self/fd/{handle}", 0o700)  # noqa: PTH101
        return os.open(f"/proc/self/fd/{handle}", _OPEN & ~os.O_NOFOLLOW)
    finally:
        os.close(handle)
