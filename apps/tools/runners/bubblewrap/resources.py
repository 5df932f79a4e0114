"""Limits of each process in a jail, set inside it just before the program starts.

They must be set there: processes are counted per user namespace, so a limit set outside would be
shared by all calls, and even root may lack the right to set it on a process of another namespace.
"""

import resource
from math import ceil

from apps.tools.runners.limits import Limits

# The wall clock decides; this ends what has outlived its watcher, threads of one process included.
_CPU_SECONDS_PER_SECOND = 4
_LOCKED_KILOBYTES = 64

# A shell's `ulimit` counts processes by -u (bash) or -p (dash, busybox); files in blocks of 512.
_SCRIPT = (
    "ulimit -c 0 && ulimit -t {cpu} && ulimit -f {file_blocks} && ulimit -n {open_files} && "
    "ulimit -l {locked} && {data}"
    "{{ ulimit -u {processes} || ulimit -p {processes}; }} 2>/dev/null && "
    'exec "$@" || exit 125'
)


def bounded_command(command: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
    """`command` behind a shell that lowers its limits for good and becomes it.

    The size of the address space is left alone: interpreters and browsers reserve far more than
    they use.
    """
    data = limits.process_bytes
    script = _SCRIPT.format(
        cpu=ceil(limits.wall_seconds * _CPU_SECONDS_PER_SECOND),
        file_blocks=_at_most(resource.RLIMIT_FSIZE, limits.file_bytes) // 512,
        open_files=_at_most(resource.RLIMIT_NOFILE, limits.open_files),
        locked=_at_most(resource.RLIMIT_MEMLOCK, _LOCKED_KILOBYTES * 1024) // 1024,
        processes=_at_most(resource.RLIMIT_NPROC, limits.processes),
        data="" if data is None else f"ulimit -d {_kilobytes(data)} && ",
    )
    return ("/bin/sh", "-c", script, "sh", *command)


def _kilobytes(data: int) -> int:
    return _at_most(resource.RLIMIT_DATA, data) // 1024


def _at_most(kind: int, wanted: int) -> int:
    """`wanted`, or what the worker itself may have at most: a limit can only be lowered."""
    _, hard = resource.getrlimit(kind)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
