"""Control groups of version 1: one tree for each controller."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apps.tools.runners.confine.groups.files import read, write
from apps.tools.runners.confine.groups.group import STARTERS, Group, Usage
from apps.tools.runners.confine.groups.owner import new_name, remove, sweep
from apps.tools.runners.limits import MEGABYTE, Limits

_TCP_BYTES = 64 * MEGABYTE
"""What may lie in TCP connections, which version 1 counts apart: a jail has only those to itself
and to the proxy."""
_CONTROLLERS = ("memory", "cpu", "cpuacct", "pids")


class FirstVersion:
    """Groups below the worker's own ones, or below the root of a tree where its own is not seen."""

    name = "cgroup v1"

    def __init__(self, root: str = "/sys/fs/cgroup") -> None:
        """Raises OSError where a controller is missing or not the worker's to use. Removes what
        dead workers have left."""
        own = _own_groups()
        self._homes = {
            controller: _home(root, controller, own.get(controller, "/"))
            for controller in _CONTROLLERS
        }
        for home in set(self._homes.values()):
            sweep(home)
        self.make(Limits()).close()

    def make(self, limits: Limits) -> Group:
        name = new_name()
        group = _Group(self._homes, name)
        try:
            for path in group.paths:
                Path(path).mkdir(exist_ok=True)
            group.limit(limits)
        except OSError:
            group.close()
            raise
        return group


class _Group:
    """A process is best moved by the thread that starts it: the thread enters the group and leaves
    it again. Moving a process afterwards waits some 10 ms for the rest of the machine."""

    def __init__(self, homes: dict[str, str], name: str) -> None:
        self._homes = homes
        self._folders = {controller: f"{home}/{name}" for controller, home in homes.items()}
        self._has_starter = False

    @property
    def paths(self) -> list[str]:
        return sorted(set(self._folders.values()))

    def limit(self, limits: Limits) -> None:
        self._write("memory", "memory.limit_in_bytes", limits.memory_bytes)
        with suppress(OSError):  # where swap is not accounted
            self._write("memory", "memory.memsw.limit_in_bytes", limits.memory_bytes)
        with suppress(OSError):  # where the kernel charges what lies in TCP connections to nobody
            most = min(_TCP_BYTES, limits.memory_bytes)
            self._write("memory", "memory.kmem.tcp.limit_in_bytes", most)
        self._limit_processors(limits)
        self._write("pids", "pids.max", limits.processes + STARTERS)

    def _limit_processors(self, limits: Limits) -> None:
        period = int(limits.cpu_window_seconds * 1_000_000)
        self._write("cpu", "cpu.cfs_period_us", period)
        try:
            self._write("cpu", "cpu.cfs_quota_us", int(limits.cpus * period))
        except OSError as error:
            if error.errno != errno.EINVAL:  # else the worker's own limit is lower, and holds
                raise

    @contextmanager
    def starting(self) -> Iterator[None]:
        homes = set(self._homes.values())
        try:
            for path in self.paths:
                write(f"{path}/tasks", "0")
            self._has_starter = True
            yield
        finally:
            for home in homes:
                write(f"{home}/tasks", "0")

    def add(self, pid: int) -> None:
        if not self._has_starter:
            for path in self.paths:
                write(f"{path}/cgroup.procs", str(pid))

    def usage(self) -> Usage:
        told = read(f"{self._folders['memory']}/memory.oom_control").split()
        return Usage(
            cpu_ms=int(read(f"{self._folders['cpuacct']}/cpuacct.usage")) // 1_000_000,
            peak_memory_bytes=int(read(f"{self._folders['memory']}/memory.max_usage_in_bytes")),
            has_run_out="oom_kill" in told and int(told[told.index("oom_kill") + 1]) > 0,
        )

    def close(self) -> None:
        for path in self.paths:
            remove(path)

    def _write(self, controller: str, name: str, value: int) -> None:
        write(f"{self._folders[controller]}/{name}", str(value))


def _own_groups() -> dict[str, str]:
    """The calling process's group by controller (cgroups(7), /proc/<pid>/cgroup)."""
    lines = (line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines())
    return {name: path for _, names, path in lines for name in names.split(",")}


def _home(root: str, controller: str, own: str) -> str:
    """The folder of the worker's own group, which may be another name for the root of the tree
    where the worker is in a container."""
    path = os.path.realpath(f"{root}/{controller}")
    inner = f"{path}{own.rstrip('/')}"
    return inner if os.access(f"{inner}/tasks", os.W_OK) else path
