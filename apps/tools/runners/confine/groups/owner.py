"""Names of control groups that tell whose they are, so that a dead worker's can be removed."""

import errno
import os
import signal
from contextlib import suppress
from itertools import count
from pathlib import Path

from agentplatform.core.wait import wait_for

PREFIX = "agentplatform"
_REMOVE_SECONDS = 10.0
_numbers = count()


def new_name() -> str:
    """A name that no other group of this machine has."""
    pid = os.getpid()
    return f"{PREFIX}-{pid}-{_started(pid)}-{next(_numbers)}"


def sweep(folder: str) -> None:
    """Remove the groups below `folder` whose worker is dead, and what may still run in them."""
    for path in Path(folder).glob(f"{PREFIX}-*"):
        parts = path.name.split("-")
        if len(parts) == 4 and parts[1].isdigit() and _started(int(parts[1])) != parts[2]:
            with suppress(OSError):
                _kill(path)
            with suppress(OSError):
                remove(str(path))


def remove(path: str) -> None:
    """Remove the group of dead processes at `path`, which the kernel may take a moment to count
    out. Harmless twice. Raises OSError: TimeoutError when they do not go, PermissionError when the
    group is another user's."""
    wait_for(
        lambda: _is_removed(path),
        timeout_seconds=_REMOVE_SECONDS,
        every_seconds=0.001,
        what=f"the processes of {path} to be gone",
    )


def _is_removed(path: str) -> bool:
    try:
        Path(path).rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def _started(pid: int) -> str:
    """When the process began, in ticks since the machine did; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _kill(path: Path) -> None:
    for pid in (path / "cgroup.procs").read_text().split():
        with suppress(OSError):
            os.kill(int(pid), signal.SIGKILL)
