"""Control groups of version 2, below a group that is the worker's to manage."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from apps.tools.runners.confine.groups.files import read, write
from apps.tools.runners.confine.groups.group import STARTERS, Group, Usage
from apps.tools.runners.confine.groups.owner import new_name, remove, sweep
from apps.tools.runners.limits import Limits

_CONTROLLERS = "+memory +cpu +pids"


class SecondVersion:
    """Groups below `home`, a group without processes of its own; it is made if it is not there.
    The group above it must be the worker's to write too, and hold the worker."""

    name = "cgroup v2"

    def __init__(self, home: str) -> None:
        """Raises OSError where a controller is missing or not the worker's to use. Removes what
        dead workers have left."""
        self._home = home
        with suppress(OSError):  # where whoever made the groups has done it
            Path(home).mkdir()
            write(f"{Path(home).parent}/cgroup.subtree_control", _CONTROLLERS)
        write(f"{home}/cgroup.subtree_control", _CONTROLLERS)
        sweep(home)
        self._try()

    def make(self, limits: Limits) -> Group:
        group = _Group(f"{self._home}/{new_name()}")
        try:
            Path(group.path).mkdir()
            group.limit(limits)
        except OSError:
            group.close()
            raise
        return group

    def _try(self) -> None:
        """Move a process: who may make a group may still not be allowed to fill it."""
        with (
            closing(self.make(Limits())) as group,
            subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE) as process,
        ):
            try:
                group.add(process.pid)
            finally:
                process.kill()
                process.wait()


class _Group:
    def __init__(self, path: str) -> None:
        self.path = path

    def limit(self, limits: Limits) -> None:
        write(f"{self.path}/memory.max", str(limits.memory_bytes))
        with suppress(OSError):  # where the kernel has no swap
            write(f"{self.path}/memory.swap.max", "0")
        write(f"{self.path}/memory.oom.group", "1")
        period = int(limits.cpu_window_seconds * 1_000_000)
        write(f"{self.path}/cpu.max", f"{int(limits.cpus * period)} {period}")
        write(f"{self.path}/pids.max", str(limits.processes + STARTERS))

    @contextmanager
    def starting(self) -> Iterator[None]:
        yield

    def add(self, pid: int) -> None:
        write(f"{self.path}/cgroup.procs", str(pid))

    def usage(self) -> Usage:
        try:
            peak = int(read(f"{self.path}/memory.peak"))
        except FileNotFoundError:  # before Linux 5.19
            peak = int(read(f"{self.path}/memory.current"))
        events = _table(f"{self.path}/memory.events")
        return Usage(
            cpu_ms=_table(f"{self.path}/cpu.stat")["usage_usec"] // 1000,
            peak_memory_bytes=peak,
            has_run_out=events.get("oom_kill", 0) > 0,
        )

    def close(self) -> None:
        remove(self.path)


def _table(path: str) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in read(path).splitlines())}
