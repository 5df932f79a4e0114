"""Bytes as open files that a child can inherit and nobody can change."""

import fcntl
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def sealed_file(content: bytes) -> BinaryIO:
    """An anonymous, unchangeable file that holds `content`, positioned at its start."""
    file = _anonymous_file()
    try:
        _fill_and_seal(file, content)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


class Blank:
    """An anonymous file that is filled once, after a child has inherited its `reader`."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._file = self._held.enter_context(_anonymous_file())
        path = Path(f"/proc/self/fd/{self._file.fileno()}")
        self.reader: BinaryIO = self._held.enter_context(path.open("rb", buffering=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def fill(self, content: bytes) -> None:
        """Give it its content, for good."""
        _fill_and_seal(self._file, content)


def _anonymous_file() -> BinaryIO:
    descriptor = os.memfd_create("sandbox", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    return os.fdopen(descriptor, "w+b", buffering=0)


def _fill_and_seal(file: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
    fcntl.fcntl(file.fileno(), fcntl.F_ADD_SEALS, _SEALS)


def copy_to(path: Path, source: BinaryIO) -> None:
    """A new file with the content of an open one."""
    with path.open("xb") as target:
        shutil.copyfileobj(source, target)


def as_file(content: BinaryIO) -> BinaryIO:
    """The content as a file of this machine, which a child can inherit: itself where it is one,
    else a copy, for which it is closed."""
    try:
        content.fileno()
    except OSError:
        with content:
            copy = tempfile.TemporaryFile()  # noqa: SIM115 whoever takes it closes it
            shutil.copyfileobj(content, copy)
        copy.seek(0)
        return cast(BinaryIO, copy)
    return content
