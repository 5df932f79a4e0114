"""The end of a process that is told to stop: what can finish does, the rest is given back."""

import mmap
import os
import threading
from collections.abc import Callable

import structlog

LAST_SECONDS = 3.0
"""How long work that was given back has to notice and end, before the process ends under it."""

log = structlog.get_logger("worker")

_told = mmap.mmap(-1, 1)  # shared with the processes that a worker forks
_holders: list[Callable[[], int]] = []
_lock = threading.Lock()


def gives_back(give_back: Callable[[], int]) -> Callable[[], int]:
    """Have `give_back` called when a drain's time is up: it lets go of whatever this process still
    holds, so that another worker may take it at once, and returns how much that was."""
    _holders.append(give_back)
    return give_back


def is_draining() -> bool:
    """Whether this process, or the worker that forked it, was told to stop."""
    return _told[0] != 0


def start_drain(*, seconds: float) -> None:
    """Give work `seconds` to finish, and then back. A second time is harmless; returns at once."""
    with _lock:
        if is_draining():
            return
        _told[0] = 1
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    given_back = sum(_give_back(one) for one in _holders)
    if not given_back:
        return
    log.warning("worker.gave_back", count=given_back)
    timer = threading.Timer(LAST_SECONDS, os._exit, [0])
    timer.daemon = True
    timer.start()


def _give_back(holder: Callable[[], int]) -> int:
    try:
        return holder()
    except Exception:  # its leases expire, and other workers take over then
        log.exception("worker.give_back_failed")
        return 0
