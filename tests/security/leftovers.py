"""What a sandbox may not leave behind: processes, open files, files, mounts, control groups."""

import ctypes
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_SECONDS, _LOOK_SECONDS = 5.0, 0.01


def become_subreaper() -> None:
    """Orphans below this process become its children, however they left their parents."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """The living processes below this one."""
    parents = _parents()
    found: set[int] = set()
    wave = {os.getpid()}
    while wave := {pid for pid, parent in parents.items() if parent in wave}:
        found |= wave
    return found


def open_files() -> dict[int, str]:
    """By number what is open, but for what looking opens."""
    found = {}
    for name in names_in("/proc/self/fd"):
        with suppress(OSError):  # closed since
            found[int(name)] = str(Path(f"/proc/self/fd/{name}").readlink())
    return found


def names_in(folder: str | Path) -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


@dataclass(frozen=True)
class Usual:
    """What there is in and around this process while no program runs. `folder` is where its
    temporary files lie."""

    folder: Path
    processes: set[int]
    opened: set[int]
    files: set[str]
    groups: set[str]
    mounts: set[str]

    @classmethod
    def of(cls, folder: Path) -> Self:
        return cls(
            folder,
            descendants(),
            set(open_files()),
            names_in(folder),
            control_groups(),
            mounts(),
        )

    def what_is_left(self) -> list[str]:
        """What is new since then, in words: processes at once, and what stays of the rest, for a
        neighbour's files come and go."""
        left = [told for pid in sorted(descendants() - self.processes) if (told := describe(pid))]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        things = self._new_things()
        while things and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            things &= self._new_things()
        return left + sorted(things)

    def _new_things(self) -> set[str]:
        return {
            *(
                f"open file {number}: {target}"
                for number, target in open_files().items()
                if number not in self.opened
            ),
            *(f"file {name}" for name in names_in(self.folder) - self.files),
            *(control_groups() - self.groups),
            *(mount for mount in mounts() - self.mounts if str(self.folder) in mount),
        }


def control_groups() -> set[str]:
    """Those that this process has made."""
    mine = f"/agentplatform-{os.getpid()}-"
    return {folder for folder, _, _ in os.walk("/sys/fs/cgroup") if mine in folder}


def mounts() -> set[str]:
    return set(Path("/proc/self/mountinfo").read_text().splitlines())


def describe(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")[:200]
    except OSError:
        return ""
    return f"process {pid}: {command.decode('utf-8', 'replace')}"


def _parents() -> dict[int, int]:
    """The parent of every process that is no zombie."""
    found = {}
    for name in names_in("/proc"):
        if not name.isdigit():
            continue
        try:
            state, parent = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            found[int(name)] = int(parent)
    return found
