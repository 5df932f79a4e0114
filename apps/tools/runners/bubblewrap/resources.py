"""Limits of each process in a jail.

They are set from outside, on the jail's first process while it waits: what it starts has them too.
By then it has a user namespace of its own, by which processes are counted, so jails do not count
each other's.
"""

import resource
from math import ceil

from apps.tools.runners.limits import NO_CORE_BYTES, Limits

# The wall clock decides; this ends what has outlived its watcher, threads of one process included.
_CPU_SECONDS_PER_SECOND = 4
_LOCKED_BYTES = 64 * 1024


def bound(pid: int, limits: Limits) -> None:
    """Lower the limits of a process, and of what it will start, for good. The user whom it belongs
    to may do that without any capability. Raises ProcessLookupError when there is no such process.

    The size of the address space is left alone: interpreters and browsers reserve far more than
    they use.
    """
    data = limits.process_bytes
    wanted = {
        resource.RLIMIT_CORE: NO_CORE_BYTES,
        resource.RLIMIT_CPU: ceil(limits.wall_seconds * _CPU_SECONDS_PER_SECOND),
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_MEMLOCK: _LOCKED_BYTES,
        resource.RLIMIT_NPROC: limits.processes,
        **({} if data is None else {resource.RLIMIT_DATA: data}),
    }
    for kind, value in wanted.items():
        most = _at_most(kind, value)
        resource.prlimit(pid, kind, (most, most))


def _at_most(kind: int, wanted: int) -> int:
    """`wanted`, or what the worker itself may have at most: a limit can only be lowered."""
    _, hard = resource.getrlimit(kind)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
