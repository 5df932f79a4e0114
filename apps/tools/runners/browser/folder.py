"""Where a process keeps what its browsers and their drivers need on the host for a while."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

HOST_TMP = "/tmp"  # noqa: S108
_PREFIX = "agentplatform-browsers"


def own_folder() -> Path:
    """A folder below HOST_TMP that ends with this process."""
    return _folder_of(os.getpid())


@functools.cache
def _folder_of(pid: int) -> Path:
    _sweep()
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}-{pid}-", dir=HOST_TMP)
    atexit.register(_remove, folder, pid)
    return Path(folder)


def _sweep() -> None:
    """Remove what killed processes have left."""
    for path in Path(HOST_TMP).glob(f"{_PREFIX}-*-*"):
        pid = path.name.split("-")[2]
        if not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)


def _remove(folder: str, pid: int) -> None:
    if pid == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
