"""A work folder as one archive of files and folders, kept between the calls of a session."""

import errno
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import BinaryIO

from apps.tools.runners.confine.identity import acting_as
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import ToolFailure

_PAGE_BYTES = 4096
_DEEPEST = 32
_LONGEST_PATH = 1024
_OWN_FOLDERS = {"inputs", "artifacts"}
"""Of each call, at the top; they are not part of the work folder."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass
class Packed:
    """`content` is open at its start; `total_bytes` are of whole pages. `skipped` counts what was
    left: links, devices, what lies too deep, and what is more than a work folder holds."""

    content: BinaryIO
    skipped: int = 0
    entries: int = 0
    total_bytes: int = 0


def pack(folder: int, limits: Limits) -> Packed:
    """The files and folders below the open directory `folder`, a work folder of which every process
    that could write there is dead. Links are never followed."""
    packed = Packed(tempfile.TemporaryFile())  # noqa: SIM115 whoever takes it closes it
    try:
        with tarfile.open(fileobj=packed.content, mode="w:", format=tarfile.PAX_FORMAT) as archive:
            _pack(folder, "", 0, limits, archive, packed)
        packed.content.seek(0)
    except BaseException:
        packed.content.close()
        raise
    return packed


def unpack(content: BinaryIO, folder: int, *, owner: int | None = None) -> None:
    """Put what `pack` has packed below the open directory `folder`, in which nothing untrusted is
    alive yet. A worker that is root acts as `owner` meanwhile, whose files they become.

    Raises ToolFailure when there is no room for it, as when a limit has been lowered since.
    """
    is_root = os.geteuid() == 0
    identity = acting_as(owner) if owner is not None and is_root else nullcontext()
    try:
        with identity, tarfile.open(fileobj=content, mode="r|") as archive:
            for entry in archive:
                parts = entry.name.split("/")
                if not ({"", ".", ".."} & set(parts) or parts[0] in _OWN_FOLDERS):
                    _put(archive, entry, parts, folder)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise ToolFailure(
            "session_too_large", "The session holds more than a work folder may; begin another."
        ) from error


def _pack(
    folder: int,
    prefix: str,
    depth: int,
    limits: Limits,
    archive: tarfile.TarFile,
    packed: Packed,
) -> None:
    for name in sorted(os.listdir(folder)):
        path = prefix + name
        if not prefix and name in _OWN_FOLDERS:
            continue
        if len(path) > _LONGEST_PATH or packed.entries >= limits.inodes or not _is_text(path):
            packed.skipped += 1
            continue
        try:
            _take(folder, name, path, depth, limits, archive, packed)
        except OSError:
            packed.skipped += 1


def _take(
    folder: int,
    name: str,
    path: str,
    depth: int,
    limits: Limits,
    archive: tarfile.TarFile,
    packed: Packed,
) -> None:
    about = os.stat(name, dir_fd=folder, follow_symlinks=False)
    entry = tarfile.TarInfo(path)
    entry.mode = stat.S_IMODE(about.st_mode) & 0o755 | 0o600
    entry.mtime = int(about.st_mtime)
    room = limits.work_bytes - packed.total_bytes
    if stat.S_ISDIR(about.st_mode) and depth < _DEEPEST:
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
        packed.entries += 1
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            _pack(inner, f"{path}/", depth + 1, limits, archive, packed)
        finally:
            os.close(inner)
    elif stat.S_ISREG(about.st_mode) and _pages(about.st_size) <= room:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
            entry.size = about.st_size
            archive.addfile(entry, file)
        packed.entries += 1
        packed.total_bytes += _pages(about.st_size)
    else:
        packed.skipped += 1


def _pages(size: int) -> int:
    """What a file of this size takes in memory, holes filled, as they are when it is put back."""
    return -(-size // _PAGE_BYTES) * _PAGE_BYTES


def _put(archive: tarfile.TarFile, entry: tarfile.TarInfo, parts: list[str], folder: int) -> None:
    with _opened_parent(parts[:-1], folder) as parent:
        if entry.isdir():
            with suppress(FileExistsError):
                os.mkdir(parts[-1], 0o700, dir_fd=parent)
            made = os.open(parts[-1], _FOLDER, dir_fd=parent)
        elif entry.isreg():
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            made = os.open(parts[-1], flags, 0o600, dir_fd=parent)
            _copy(archive.extractfile(entry), made)
        else:
            return
        try:
            os.fchmod(made, entry.mode & 0o755 | 0o700 if entry.isdir() else entry.mode & 0o755)
            if entry.isreg():
                os.utime(made, (entry.mtime, entry.mtime))
        finally:
            os.close(made)


def _copy(source: object, target: int) -> None:
    assert source is not None
    while chunk := source.read(1 << 18):  # type: ignore[attr-defined]
        view = memoryview(chunk)
        while view:
            view = view[os.write(target, view) :]


@contextmanager
def _opened_parent(parts: list[str], folder: int) -> Iterator[int]:
    opened = os.dup(folder)
    try:
        for part in parts:
            inner = os.open(part, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
