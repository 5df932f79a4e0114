"""Handles on a running program: what it uses, and its end."""

import os
import select
from collections.abc import Iterator

from apps.tools.contracts import ToolStatus
from apps.tools.runners.confine.groups.group import Group
from apps.tools.runners.confine.locks import Locks
from apps.tools.runners.confine.mappings import MappingMemory
from apps.tools.runners.confine.memory import bytes_of_sockets, used_memory
from apps.tools.runners.confine.rhythm import Rhythm
from apps.tools.runners.limits import Limits
from apps.tools.runners.lite.holdings import Holdings, find_holdings
from apps.tools.runners.lite.keeper import KILL
from apps.tools.runners.lite.members import (
    end_session,
    end_user,
    members_of_session,
    members_of_user,
)
from apps.tools.runners.lite.slots import Slot
from apps.tools.runners.lite.volume import Use, measure

_DEATH_SECONDS = 10.0
_MEASURE_SECONDS, _MEASURE_SHARE = 0.1, 10


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
        self._holdings = Holdings()
        self._locks = Locks()
        self._mappings = MappingMemory()
        self._rhythm = Rhythm(_MEASURE_SECONDS, share=_MEASURE_SHARE)

    def breach(self, limits: Limits) -> ToolStatus | None:
        """The limit that the program has passed by now, as a status."""
        self._measure()
        has_too_many_locks = self._locks.are_too_many(pids=lambda: list(self._members()))
        if self.has_run_out(limits) or has_too_many_locks:
            return "memory_exceeded"
        is_over = self._use.inodes > limits.inodes
        if not self._slot.is_volume:
            held = self._use.bytes + self._holdings.file_bytes
            is_over |= held > limits.work_bytes or self._holdings.is_hidden
        return "disk_exceeded" if is_over else None

    def has_run_out(self, limits: Limits) -> bool:
        """Whether the program has passed its memory. Keeps the peak; call it once more when all of
        it is dead."""
        usage = self._group.usage()
        if usage is not None:
            self.peak_memory_bytes = usage.peak_memory_bytes
            return usage.has_run_out
        members = list(self._members())
        used = used_memory(members, most=limits.memory_bytes) + self._mappings.used(members)
        used += bytes_of_sockets(len(self._holdings.sockets))
        used += self._use.bytes if self._slot.is_volume else 0
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
        if self._has_lost_keeper():
            self._end_members()

    def _measure(self) -> None:
        """How much lies in its folder, and what it holds beside that."""
        if self._slot.is_volume:
            about = os.statvfs(self._slot.folder)
            used = (about.f_blocks - about.f_bfree) * about.f_frsize
            self._use = Use(bytes=used, inodes=about.f_files - about.f_ffree)
        if not self._rhythm.is_due:
            return
        with self._rhythm.taken():
            if not self._slot.is_volume:
                self._use = measure(self._slot.folder, most=self._limits.inodes)
            if not self._slot.is_volume or self._group.usage() is None:
                self._holdings = find_holdings(
                    self._members(),
                    str(self._slot.folder),
                    user=self._slot.user,
                    file_bytes=self._limits.file_bytes,
                )

    def _members(self) -> Iterator[int]:
        if self._slot.user is None:
            return members_of_session(self._keeper)
        return members_of_user(self._slot.user)

    def _has_lost_keeper(self) -> bool:
        """Whether the keeper was killed, and could not do what it is for."""
        try:
            ended = os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:  # it has been seen to
            return False
        return ended is not None and ended.si_code != os.CLD_EXITED

    def _end_members(self) -> None:
        if self._slot.user is None:
            end_session(self._keeper)
        else:
            end_user(self._slot.user)
