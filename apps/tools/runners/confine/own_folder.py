"""Where a process keeps what its tools need on the host for a while. What it leaves when it is
killed is found by others, for they can lock it."""

import atexit
import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "agentplatform-own-"


@contextmanager
def passing_folder() -> Iterator[Path]:
    """A folder for the time of the block. Files of it that are open stay readable."""
    folder, lock = _make(tempfile.gettempdir())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def own_folder(below: str) -> Path:
    """A folder below another, the same each time, that ends with this process."""
    return _folder_of(os.getpid(), below)


def sweep(below: str) -> None:
    """Remove the folders there of processes that were killed."""
    for path in Path(below).glob(f"{_PREFIX}*"):
        lock = _lock(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


@functools.cache
def _folder_of(pid: int, below: str) -> Path:
    folder, _ = _make(below)
    atexit.register(_remove, folder, pid)
    return folder


def _make(below: str) -> tuple[Path, int]:
    """A new folder, and what holds it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=below))
        lock = _lock(folder)
        # A process that sweeps may have been quicker.
        if lock is not None and folder.exists():
            return folder, lock


def _lock(folder: Path) -> int | None:
    """What holds the folder for as long as the process is alive; None: another process does."""
    with suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return lock
    return None


def _remove(folder: Path, pid: int) -> None:
    if pid == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
