"""Handles on a running program: what it uses, and its end."""

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

from apps.tools.contracts import ToolStatus
from apps.tools.runners.confine.groups.group import Group
from apps.tools.runners.confine.memory import used_memory
from apps.tools.runners.limits import Limits
from apps.tools.runners.lite.keeper import KILL
from apps.tools.runners.lite.slots import Slot
from apps.tools.runners.lite.volume import Use, measure

_DEATH_SECONDS = 10.0
_MEASURE_SECONDS = 0.1
_MEASURE_SHARE = 10
"""Folders are measured at most every so many times as long as measuring takes."""


class Inside:
    """A program and all that came of it, watched from outside. Its `group` measures its memory;
    without one its processes are looked at. `pidfd` is its keeper's, which ends after all of it is
    dead; `control` is the pipe that the keeper listens on."""

    def __init__(
        self, slot: Slot, *, keeper: int, pidfd: int, control: int, limits: Limits, group: Group
    ) -> None:
        self.pidfd = pidfd
        self.peak_memory_bytes = 0
        self._slot = slot
        self._keeper = keeper
        self._control = control
        self._limits = limits
        self._group = group
        self._use = Use()
        self._next_measure = 0.0

    def breach(self, limits: Limits) -> ToolStatus | None:
        """The limit that the program has passed by now, as a status."""
        self._measure()
        if self.has_run_out(limits):
            return "memory_exceeded"
        is_over = self._use.inodes > limits.inodes or (
            not self._slot.is_volume and self._use.bytes > limits.work_bytes
        )
        return "disk_exceeded" if is_over else None

    def has_run_out(self, limits: Limits) -> bool:
        """Whether the program has passed its memory. Keeps the peak; call it once more when all of
        it is dead."""
        usage = self._group.usage()
        if usage is not None:
            self.peak_memory_bytes = usage.peak_memory_bytes
            return usage.has_run_out
        files_in_memory = self._use.bytes if self._slot.is_volume else 0
        used = used_memory(self._members(), most=limits.memory_bytes) + files_in_memory
        self.peak_memory_bytes = max(self.peak_memory_bytes, used)
        return used > limits.memory_bytes

    def is_full(self) -> bool:
        """Whether there is no room left for files. Call it once the program is dead."""
        if self._slot.is_volume:
            about = os.statvfs(self._slot.folder)
            return about.f_bfree == 0 or about.f_ffree == 0
        use = measure(self._slot.folder, most=self._limits.inodes)
        return use.bytes >= self._limits.work_bytes or use.inodes > self._limits.inodes

    def kill(self) -> None:
        """Have the keeper kill all of it."""
        try:
            os.write(self._control, KILL)
        except BrokenPipeError:  # it has ended by itself
            return

    def wait_dead(self) -> None:
        """Return once all of it is dead."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if not poll.poll(_DEATH_SECONDS * 1000):
            raise TimeoutError(f"the program of process {self._keeper} did not die")

    def _measure(self) -> None:
        now = time.monotonic()
        if now < self._next_measure:
            return
        if self._slot.is_volume:
            about = os.statvfs(self._slot.folder)
            used = (about.f_blocks - about.f_bfree) * about.f_frsize
            self._use = Use(bytes=used, inodes=about.f_files - about.f_ffree)
            return
        self._use = measure(self._slot.folder, most=self._limits.inodes)
        took = time.monotonic() - now
        self._next_measure = now + max(_MEASURE_SECONDS, took * _MEASURE_SHARE)

    def _members(self) -> Iterator[int]:
        """Its processes: those of its user, or of its session, which it cannot leave."""
        for path in Path("/proc").iterdir():
            if not path.name.isdigit():
                continue
            pid = int(path.name)
            try:
                if self._slot.user is not None:
                    is_member = path.stat().st_uid == self._slot.user
                else:
                    is_member = pid != self._keeper and os.getsid(pid) == self._keeper
            except OSError:  # it has ended
                continue
            if is_member:
                yield pid
