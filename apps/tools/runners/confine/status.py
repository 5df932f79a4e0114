"""What the end of a program is called."""

from collections.abc import Callable

from apps.tools.contracts import ToolStatus
from apps.tools.runners.confine.supervise import Ended

_KILLED, _CPU_EXCEEDED, _FILE_EXCEEDED = 128 + 9, 128 + 24, 128 + 25
_CRASHED = {128 + 4, 128 + 5, 128 + 6}
_TAIL_BYTES = 16 * 1024

# What interpreters say when the kernel refused them something: nothing else tells such an end from
# any other error. A program that says so itself is believed.
_CRASH_FOR_MEMORY = (b"out of memory", b"bad_alloc", b"allocation failed")
_NODE_FOR_MEMORY = (b"RangeError: Array buffer allocation failed", b"Error: spawn ENOMEM")
_NODE_FOR_ROOM = (b"Error: ENOSPC:", b"Error: EFBIG:")
_PYTHON_FOR_ROOM = (b"OSError: [Errno 28]", b"OSError: [Errno 27]")
_NODE_LAST_LINE = b"Node.js v"


def status_of(ended: Ended, *, is_full: Callable[[], bool]) -> ToolStatus:
    """The status of an ended program; `is_full` says whether its writable folders are full."""
    if ended.broken:
        return ended.broken
    if ended.exit_code == 0:
        return "ok"
    lines = ended.stderr.rstrip()[-_TAIL_BYTES:].splitlines() or [b""]
    if _lacked_memory(lines, ended.exit_code):
        return "memory_exceeded"
    if ended.exit_code == _FILE_EXCEEDED or is_full() or _lacked_room(lines):
        return "disk_exceeded"
    if ended.exit_code == _CPU_EXCEEDED:
        return "timeout"
    return "killed" if ended.exit_code == _KILLED else "error"


def _lacked_memory(lines: list[bytes], exit_code: int) -> bool:
    if exit_code in _CRASHED:
        return any(words in line for line in lines for words in _CRASH_FOR_MEMORY)
    error, _, _ = lines[-1].partition(b":")
    return error.endswith(b"MemoryError") or _node_says(lines, _NODE_FOR_MEMORY)


def _lacked_room(lines: list[bytes]) -> bool:
    return lines[-1].startswith(_PYTHON_FOR_ROOM) or _node_says(lines, _NODE_FOR_ROOM)


def _node_says(lines: list[bytes], words: tuple[bytes, ...]) -> bool:
    """Whether Node ended for an error that nobody caught and that begins like this."""
    return lines[-1].startswith(_NODE_LAST_LINE) and any(line.startswith(words) for line in lines)
