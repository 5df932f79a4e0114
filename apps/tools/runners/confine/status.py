"""What the end of a program is called."""

from collections.abc import Callable

from apps.tools.contracts import ToolStatus
from apps.tools.runners.confine.supervise import Ended

_KILLED, _CPU_EXCEEDED, _FILE_EXCEEDED = 128 + 9, 128 + 24, 128 + 25


def status_of(ended: Ended, *, is_full: Callable[[], bool]) -> ToolStatus:
    """The status of an ended program; `is_full` says whether its writable folders are full."""
    if ended.broken:
        return ended.broken
    if ended.exit_code == 0:
        return "ok"
    last_line = ended.stderr.rstrip().rpartition(b"\n")[2]
    if last_line.startswith(b"MemoryError"):
        return "memory_exceeded"
    if is_full() or ended.exit_code == _FILE_EXCEEDED:
        return "disk_exceeded"
    if ended.exit_code == _CPU_EXCEEDED:
        return "timeout"
    return "killed" if ended.exit_code == _KILLED else "error"
