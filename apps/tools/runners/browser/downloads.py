"""Files that a browser has saved in its jail."""

import os
import stat
import tempfile
from pathlib import PurePath
from typing import BinaryIO

from apps.tools.runners.browser.session import TooMuch

_CHUNK_BYTES = 1024 * 1024


class NotSaved(Exception):
    """The browser has saved no such file."""


class Downloads:
    """The folder `name` in the jail's /tmp. Whatever runs in the jail may change it at any time:
    nothing is followed, and only the bytes that are read count."""

    def __init__(self, init: int, name: PurePath) -> None:
        """`init` is the host's pid of the jail's first process."""
        self._tmp = f"/proc/{init}/root/tmp"
        self._folders = name.parts

    def take(self, name: str, most_bytes: int) -> tuple[BinaryIO, int]:
        """Move a finished file out of the jail: open at its start, and its size. The caller closes
        it. Raises TooMuch and NotSaved."""
        kept = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            folder = self._open_folder()
            try:
                size = _copy(folder, name, kept, most_bytes)
                os.unlink(name, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError as error:
            kept.close()
            raise NotSaved from error
        except BaseException:
            kept.close()
            raise
        kept.seek(0)
        return kept, size

    def _open_folder(self) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        folder = os.open(self._tmp, flags)
        for part in self._folders:
            try:
                inner = os.open(part, flags, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        return folder


def _copy(folder: int, name: str, kept: BinaryIO, most_bytes: int) -> int:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotSaved
        size = 0
        while part := file.read(_CHUNK_BYTES):
            size += len(part)
            if size > most_bytes:
                raise TooMuch
            kept.write(part)
    return size
