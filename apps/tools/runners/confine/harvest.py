"""Collect the files that a dead sandbox left, trusting nothing about them."""

import os
import stat
from dataclasses import dataclass, field

from apps.tools.runners.limits import Limits
from apps.tools.runners.work import ProducedFile

_DEEPEST = 8
_LONGEST_PATH = 255


@dataclass
class Harvest:
    """`skipped` counts what was left: no regular file, linked twice, or over a limit."""

    files: list[ProducedFile] = field(default_factory=list)
    skipped: int = 0
    total_bytes: int = 0


def harvest(folder: int, limits: Limits) -> Harvest:
    """The regular files below the open directory `folder`, within the limits, each open: they
    outlive the folder.

    Call it once every process that could write there is dead. Links, devices, sockets and FIFOs
    are never followed or opened.
    """
    found = Harvest()
    _walk(folder, "", 0, limits, found)
    return found


def _walk(folder: int, prefix: str, depth: int, limits: Limits, found: Harvest) -> None:
    for name in sorted(os.listdir(folder)):
        path = prefix + name
        if (
            not path.isprintable()
            or len(path) > _LONGEST_PATH
            or len(found.files) >= limits.artifacts
        ):
            found.skipped += 1
            continue
        try:
            _take(folder, name, path, depth, limits, found)
        except OSError:
            found.skipped += 1


def _take(folder: int, name: str, path: str, depth: int, limits: Limits, found: Harvest) -> None:
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode) and depth < _DEEPEST:
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            _walk(inner, f"{path}/", depth + 1, limits, found)
        finally:
            os.close(inner)
    elif stat.S_ISREG(mode):
        _read(folder, name, path, limits, found)
    else:
        found.skipped += 1


def _read(folder: int, name: str, path: str, limits: Limits, found: Harvest) -> None:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    file = os.fdopen(descriptor, "rb")
    about = os.fstat(file.fileno())
    room = min(limits.artifact_bytes, limits.artifacts_bytes - found.total_bytes)
    if not stat.S_ISREG(about.st_mode) or about.st_nlink != 1 or about.st_size > room:
        file.close()
        found.skipped += 1
        return
    found.files.append(ProducedFile(name=path, content=file, size_bytes=about.st_size))
    found.total_bytes += about.st_size
