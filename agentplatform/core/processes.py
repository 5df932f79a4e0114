"""Who holds something, and whether that process is still there."""

import os
import re
import socket
from functools import cache
from pathlib import Path
from typing import Final

MAX_NAME: Final = 200
_NAME: Final = re.compile(r"(?P<place>.*)/(?P<pid>[0-9]+)@[0-9]+")


def this_process() -> str:
    """A name for this process that no other one has, on this machine or another, now or later."""
    return _name(os.getpid()) or f"{_place()}/{os.getpid()}"


def process_number() -> int:
    """os.getpid, without a system call."""
    return _number


def is_gone(name: str) -> bool:
    """Whether the process of this name is surely over: it was one of this machine, and of this
    container, and is no more. Of others nothing is known."""
    found = _NAME.fullmatch(name)
    return found is not None and found["place"] == _place() and _name(int(found["pid"])) != name


def is_running(pid: int) -> bool:
    """Whether a process of this machine, or this container, has this number and is not over."""
    return _name(pid) is not None


def _name(pid: int) -> str | None:
    """The process with this number as it is called now; None where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # Past the command's name, which may hold anything: the state is the first field, the time of
    # the start the twentieth (proc(5)). A process that waits to be reaped is over.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{_place()}/{pid}@{fields[19]}"


def _renumber() -> None:
    global _number
    _number = os.getpid()


_number = os.getpid()
os.register_at_fork(after_in_child=_renumber)


@cache
def _place() -> str:
    """The machine, and the namespace within which a process has its number."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{socket.gethostname()[:100]}/{namespace}"
