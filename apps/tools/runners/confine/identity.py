"""Become another user in one thread: for what it starts, the files it makes, or what it sees."""

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_GET_DUMPABLE, _SET_DUMPABLE = 3, 4
_library = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class _Numbers:
    """Of the system calls: the C library's own functions change every thread of the process."""

    setgroups: int
    setresuid: int
    setresgid: int


_NUMBERS = {"x86_64": _Numbers(116, 117, 119), "aarch64": _Numbers(159, 147, 149)}


@contextmanager
def acting_as(uid: int) -> Iterator[None]:
    """The calling thread is this user, of a group of the same number, and of no other group. The
    other threads stay root; so does what this thread may do afterwards. Requires root.

    What it starts is this user for good. It may be started without a copy of the worker's memory,
    which a change of the user in the child would need.
    """
    numbers = _NUMBERS[platform.machine()]
    groups = os.getgroups()
    dumpable = _library.prctl(_GET_DUMPABLE, 0, 0, 0, 0)
    _set_groups(numbers, [])
    _call(numbers.setresgid, uid, uid, 0)
    _call(numbers.setresuid, uid, uid, 0)
    _library.prctl(_SET_DUMPABLE, dumpable, 0, 0, 0)  # a change of the user takes it away
    try:
        yield
    finally:
        _call(numbers.setresuid, 0, 0, 0)
        _call(numbers.setresgid, 0, 0, 0)
        _set_groups(numbers, groups)
        _library.prctl(_SET_DUMPABLE, dumpable, 0, 0, 0)


@contextmanager
def looking_as(uid: int) -> Iterator[None]:
    """The calling thread sees what this user, of a group of the same number, sees: files, and what
    /proc says of the user's processes. None of these may do anything to the thread."""
    user, group = os.geteuid(), os.getegid()
    _library.setfsgid(uid)  # of the calling thread alone, unlike the others of the library
    _library.setfsuid(uid)
    try:
        yield
    finally:
        _library.setfsuid(user)
        _library.setfsgid(group)


def _set_groups(numbers: _Numbers, groups: list[int]) -> None:
    _call(numbers.setgroups, len(groups), (ctypes.c_uint32 * len(groups))(*groups))


def _call(number: int, *values: object) -> None:
    if _library.syscall(ctypes.c_long(number), *values) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
