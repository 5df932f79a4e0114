"""Handles on a started jail: its processes, its memory, its folders."""

import os
import select
import signal
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from agentplatform.core.wait import wait_for
from apps.tools.contracts import ToolStatus
from apps.tools.runners.bubblewrap.jail import ARTIFACTS, BOX
from apps.tools.runners.confine.groups.group import Group
from apps.tools.runners.confine.locks import Locks
from apps.tools.runners.confine.mappings import MappingMemory
from apps.tools.runners.confine.memory import socket_memory, used_memory
from apps.tools.runners.confine.proc import read
from apps.tools.runners.limits import Limits

_READY_SECONDS = 10.0
_DEATH_SECONDS = 10.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_MOST_TERMINALS = 64  # more than any program uses; the machine has one supply of some thousand
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotReady(Exception):
    """The jail ended before it was built."""


class Inside:
    """A jail that waits to be let go. `init` is the host's pid of its first process, with which
    everything in it lives and dies; the folders are held open, so they outlive it. Its `group`
    measures it; without one its processes are looked at."""

    def __init__(self, init: int, group: Group | None = None) -> None:
        """Raises NotReady when the jail ended before it was built."""
        self.init = init
        self._group = group
        self._locks = Locks()
        self._mappings = MappingMemory()
        self._cpu_ms_before = 0
        self._held = ExitStack()
        self._pidfd = -1
        self.peak_memory_bytes = 0
        self.cpu_ms = 0
        try:
            self._pidfd = self._hold(os.pidfd_open(init))
            wait_for(
                self._is_built, timeout_seconds=_READY_SECONDS, every_seconds=0.001, what="a jail"
            )
            self._proc = self._open("/proc")
            self._proc_path = f"/proc/self/fd/{self._proc}"
            self.box = self._open(BOX)
            self.artifacts = self._open(ARTIFACTS)
            others = ("/tmp", "/dev/shm")  # noqa: S108
            self._volumes = (self.box, *(self._open(folder) for folder in others))
            self._root = self._open("/")
            self._terminals = self._open("/dev/pts")
        except (OSError, TimeoutError) as error:
            self.kill()
            self._held.close()
            raise NotReady from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.kill()
            self.wait_dead()
        finally:
            self._held.close()

    @property
    def pidfd(self) -> int:
        """Readable once every process of the jail is dead."""
        return self._pidfd

    def begin(self) -> None:
        """Processor time counts from now, and the program's memory begins with what is there."""
        usage = self._group.usage() if self._group else None
        if usage is None:
            self._sample(sys.maxsize)
        self._cpu_ms_before = usage.cpu_ms if usage else self.cpu_ms
        self.cpu_ms = 0

    def breach(self, limits: Limits) -> ToolStatus | None:
        """The limit that the jail has passed by now, as a status."""
        has_too_many = self._has_too_many_terminals() or self._locks.are_too_many(
            proc=self._proc_path
        )
        if has_too_many or self.has_run_out(limits):
            return "memory_exceeded"
        if any(self._inodes(volume) > limits.inodes for volume in self._volumes):
            return "disk_exceeded"
        return None

    def has_run_out(self, limits: Limits) -> bool:
        """Whether the jail has passed its memory. Keeps what it used; call it once more when all
        of it is dead, as long as its group is there."""
        usage = self._group.usage() if self._group else None
        if usage is None:
            return self._sample(limits.memory_bytes) > limits.memory_bytes
        self.cpu_ms = usage.cpu_ms - self._cpu_ms_before
        self.peak_memory_bytes = usage.peak_memory_bytes
        return usage.has_run_out

    def is_full(self) -> bool:
        """Whether one of the writable folders has no room left."""
        return any(os.fstatvfs(volume).f_bfree == 0 for volume in self._volumes)

    def kill(self) -> None:
        """Kill everything in the jail at once."""
        with suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def wait_dead(self) -> None:
        """Return once every process of the jail is dead. The kernel reports the first one as
        ended only after all others are gone."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if not poll.poll(_DEATH_SECONDS * 1000):
            raise TimeoutError(f"process {self.init} did not die")

    def _is_built(self) -> bool:
        if _has_ended(self._pidfd):
            raise ProcessLookupError(self.init)
        root = Path(f"/proc/{self.init}/root")
        try:
            return not root.samefile("/") and Path(f"{root}{ARTIFACTS}").is_dir()
        except OSError:  # not readable while bwrap changes its identity
            return False

    def _open(self, folder: str) -> int:
        return self._hold(os.open(f"/proc/{self.init}/root{folder}", _FOLDER))

    def _hold(self, descriptor: int) -> int:
        self._held.callback(os.close, descriptor)
        return descriptor

    def _has_too_many_terminals(self) -> bool:
        """Their buffers are memory of the kernel's, charged to nobody."""
        return len(os.listdir(self._terminals)) > _MOST_TERMINALS  # noqa: PTH208

    def _sample(self, most: int) -> int:
        """Memory in use: of all processes, of their mappings and sockets, and of files in memory;
        `most` is how much may be. Keeps the peak, and the processor time spent so far."""
        names = [name for name in os.listdir(self._proc) if name.isdigit()]  # noqa: PTH208
        proc = self._proc_path
        files = sum(_used_bytes(volume) for volume in (*self._volumes, self._root))
        sockets = socket_memory(1, proc=proc)
        mappings = self._mappings.used(names, proc=proc)
        used = used_memory(names, most=most - files, proc=proc) + files + sockets + mappings
        ticks = sum(_cpu_ticks(proc, name) for name in names)
        self.peak_memory_bytes = max(self.peak_memory_bytes, used)
        cpu_ms = ticks * 1000 // _TICKS_PER_SECOND - self._cpu_ms_before
        self.cpu_ms = max(self.cpu_ms, cpu_ms)
        return used

    def _inodes(self, volume: int) -> int:
        about = os.fstatvfs(volume)
        return about.f_files - about.f_ffree


def _has_ended(pidfd: int) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def _used_bytes(volume: int) -> int:
    about = os.fstatvfs(volume)
    return (about.f_blocks - about.f_bfree) * about.f_frsize


def _cpu_ticks(proc: str, pid: str) -> int:
    """Processor time of a process and of its ended children, in ticks (proc(5), stat)."""
    fields = read(f"{proc}/{pid}/stat").rpartition(b")")[2].split()
    return sum(int(field) for field in fields[11:15])
