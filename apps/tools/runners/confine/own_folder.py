"""Where a process keeps what its tools need on the host for a while."""

import atexit
import fcntl
import functools
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "agentplatform-own-"


def own_folder(below: str = "") -> Path:
    """A folder of this process's, the same each time, that ends with it. It lies below `below`, or
    where temporary files do."""
    return _folder_of(os.getpid(), below or tempfile.gettempdir())


def sweep(below: str) -> None:
    """Remove the folders there of processes that were killed."""
    for path in Path(below).glob(f"{_PREFIX}*"):
        _remove_if_left(path)


@functools.cache
def _folder_of(pid: int, below: str) -> Path:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=below))
        # Another process that takes it for one that was left may have been quicker.
        if _lock(folder) is not None and folder.exists():
            break
    atexit.register(_remove, folder, pid)
    return folder


def _remove_if_left(path: Path) -> None:
    lock = _lock(path)
    if lock is not None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


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
