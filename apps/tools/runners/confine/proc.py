"""A process as /proc shows it. `proc` is where that is mounted."""

import os
from pathlib import Path


def look_at(proc: str, pid: int | str) -> tuple[str, bytes]:
    """The folder of a process and what its file `status` says; nothing when it is dead.

    When its first thread has ended, the process looks dead there, and its folder is that of another
    thread: they share their memory and their open files.
    """
    folder = f"{proc}/{pid}"
    status = read(f"{folder}/status")
    if has_memory(status) or b"\nThreads:\t1\n" in status:
        return folder, status
    for thread in _names(f"{folder}/task"):
        other = f"{folder}/task/{thread}"
        if has_memory(status := read(f"{other}/status")):
            return other, status
    return folder, b""


def has_memory(status: bytes) -> bool:
    """Whether it is alive, by what its file `status` says."""
    return b"\nRssAnon:" in status


def read(path: str) -> bytes:
    """The content of a file; nothing when the process is gone."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 this runs often
    except OSError:
        return []
