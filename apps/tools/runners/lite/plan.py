"""What keeper.py is told, as JSON."""

import functools
import os
import resource
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

from apps.tools.runners.confine.checks import LASTING_DESCRIPTOR
from apps.tools.runners.confine.seccomp import build_filter
from apps.tools.runners.confine.system import readable_paths
from apps.tools.runners.limits import NO_CORE_BYTES, Limits
from apps.tools.runners.lite.slots import Slot

# The wall clock decides; this ends what has outlived its watcher, threads of one process included.
_CPU_SECONDS_PER_SECOND = 4
_LOCKED_BYTES = 64 * 1024
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_ABOUT_THE_MACHINE = ("/proc/cpuinfo", "/proc/meminfo")
_ABOUT_ITSELF = (
    *("auxv", "cmdline", "comm", "environ", "fd", "limits", "maps", "stat", "statm", "status"),
    "task",
)


def make_plan(
    slot: Slot,
    command: tuple[str, ...],
    limits: Limits,
    *,
    readable: tuple[str, ...],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """The plan for `command` in `slot`; `readable` folders are added to the system's."""
    return {
        "command": command,
        "environment": {**_environment(slot), **environment},
        "folder": str(slot.folder),
        "box": str(slot.box),
        "box_descriptor": LASTING_DESCRIPTOR,
        "uid": slot.user,
        "limits": _limits(limits, slot.user),
        "filter": _filter("shared_user" if slot.user is None else "shared"),
        "readable": [
            *readable_paths(),
            *readable,
            *_ABOUT_THE_MACHINE,
            str(slot.program),
            str(slot.inputs),
        ],
        "writable": [str(slot.box), str(slot.temporary)],
        "devices": _DEVICES,
        "own_proc": _ABOUT_ITSELF,
    }


def _environment(slot: Slot) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(slot.box),
        "USER": "sandbox",  # its number has no name that a program could look up
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(slot.temporary),
    }


@functools.cache
def _filter(profile: Any) -> str:
    return build_filter(profile).hex()


def _limits(limits: Limits, user: int | None) -> list[tuple[int, int]]:
    processes = limits.processes if user is not None else limits.processes + _tasks_of_this_user()
    wanted = [
        (resource.RLIMIT_CORE, NO_CORE_BYTES),
        (resource.RLIMIT_CPU, ceil(limits.wall_seconds * _CPU_SECONDS_PER_SECOND)),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_MEMLOCK, _LOCKED_BYTES),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_NPROC, processes),
    ]
    if limits.process_bytes is not None:
        wanted.append((resource.RLIMIT_DATA, limits.process_bytes))
    return [(kind, _at_most(kind, value)) for kind, value in wanted]


def _at_most(kind: int, wanted: int) -> int:
    """`wanted`, or what the worker itself may have at most: a limit can only be lowered."""
    _, hard = resource.getrlimit(kind)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _tasks_of_this_user() -> int:
    """The kernel counts the limit on processes by user; these are there already."""
    count = 0
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and path.stat().st_uid == os.geteuid():
                count += sum(1 for _ in (path / "task").iterdir())
        except OSError:  # it has ended
            continue
    return count
