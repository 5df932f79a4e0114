"""A place for one program: a folder, and a user where the worker is root. One holder at a time on
this machine."""

import ctypes
import fcntl
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from apps.tools.runners.confine.files import copy_to
from apps.tools.runners.limits import Limits
from apps.tools.runners.lite.clean import clean
from apps.tools.runners.lite.members import end_strays, end_user
from apps.tools.runners.sandbox import SandboxUnavailable

_NO_SETUID_NO_DEVICES = 0x2 | 0x4
_GIVEN_FILES = 200
"""More than a call may be given."""
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """`lock` is held while the place is taken, also by whoever inherits it. `is_volume` says that
    the folder is a volume in memory of the size it may have."""

    folder: Path
    user: int | None
    lock: int
    is_volume: bool

    @property
    def box(self) -> Path:
        return self.folder / "box"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def inputs(self) -> Path:
        return self.folder / "inputs"

    @property
    def program(self) -> Path:
        return self.folder / "program"


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Where slots are made. `users` are the users of programs where the worker is root, and
    otherwise only how many programs there may be at a time."""

    folder: Path
    users: range


@contextmanager
def take_slot(slots: Slots, limits: Limits, *, given: int = 0) -> Iterator[Slot]:
    """A free slot, empty, with room for `given` bytes beside what the program may write; it is
    removed on leaving.

    Raises SandboxUnavailable when all are taken or the folder is not this user's alone.
    """
    _check(slots.folder)
    number, lock = _lock_one(slots.folder, slots.users)
    place = slots.folder / str(number)
    user = number if os.geteuid() == 0 else None
    try:
        _clear(place, user)
        place.mkdir(mode=0o711)
        slot = Slot(folder=place, user=user, lock=lock, is_volume=_mount(place, limits, given))
        _furnish(slot)
        yield slot
    finally:
        clean(str(place))
        os.close(lock)


def sweep(slots: Slots) -> None:
    """Remove what killed workers have left."""
    if os.geteuid() != 0:
        end_strays()
    for place in slots.folder.glob("*[0-9]"):
        number = int(place.name) if place.name.isdigit() else -1
        if number in slots.users and (lock := _lock(slots.folder, number)) is not None:
            _clear(place, number if os.geteuid() == 0 else None)
            os.close(lock)


def _clear(place: Path, user: int | None) -> None:
    """Remove what is left in a place that nobody has, processes among it: its worker and keeper may
    have been killed at once."""
    if user is not None:
        end_user(user)
    clean(str(place))


def put_files(folder: Path, files: Mapping[str, BinaryIO]) -> None:
    """Copy open files into a folder of the slot, readable and no more."""
    for name, file in files.items():
        path = folder / name
        copy_to(path, file)
        path.chmod(0o444)


def _check(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        about = folder.lstat()
    except OSError as error:
        raise SandboxUnavailable(
            f"{folder} cannot be made: {error.strerror}. Name another one in SANDBOX_LITE_FOLDER."
        ) from error
    if about.st_uid != os.geteuid() or not stat.S_ISDIR(about.st_mode) or about.st_mode & 0o022:
        raise SandboxUnavailable(
            f"{folder} belongs to somebody else or can be written by others. Remove it, or name "
            "another folder in SANDBOX_LITE_FOLDER."
        )


def _lock_one(folder: Path, users: range) -> tuple[int, int]:
    """A number that nobody has, and a descriptor that holds it."""
    for number in users:
        if (lock := _lock(folder, number)) is not None:
            return number, lock
    raise SandboxUnavailable(
        f"All {len(users)} users of SANDBOX_LITE_USERS are at work; name more of them."
    )


def _lock(folder: Path, number: int) -> int | None:
    return _lock_user(folder, number) if os.geteuid() == 0 else _lock_place(folder, number)


def _lock_user(_: Path, user: int) -> int | None:
    """On the whole machine, whatever the folder is: at the end all of the user's is killed."""
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(f"\0agentplatform-sandbox-user-{user}")
        except OSError:
            return None
        return lock.detach()


def _lock_place(folder: Path, number: int) -> int | None:
    lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _mount(place: Path, limits: Limits, given: int) -> bool:
    """A volume of the size that the program may fill, where this process may mount one."""
    options = f"size={limits.work_bytes + given},nr_inodes={limits.inodes + _GIVEN_FILES},mode=0711"
    answer = _libc.mount(
        b"tmpfs", os.fsencode(place), b"tmpfs", _NO_SETUID_NO_DEVICES, options.encode()
    )
    return int(answer) == 0


def _furnish(slot: Slot) -> None:
    """The box is the worker's and sticky, so that a program can make and remove in it only what is
    its own. Its inputs lie outside, where it can write nothing."""
    slot.program.mkdir(mode=0o755)
    slot.inputs.mkdir(mode=0o755)
    slot.box.mkdir()
    slot.temporary.mkdir(mode=0o700)
    artifacts = slot.box / "artifacts"
    artifacts.mkdir(mode=0o755)
    (slot.box / "inputs").symlink_to(slot.inputs)
    if slot.user is None:
        slot.box.chmod(0o700)
        return
    os.chown(slot.box, 0, slot.user)
    slot.box.chmod(0o1770)
    for own in (slot.temporary, artifacts):
        os.chown(own, slot.user, slot.user)
