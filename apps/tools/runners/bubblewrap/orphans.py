"""What bwrap leaves when it is killed in the moment in which it starts a jail.

Its child waits for a word of bwrap's before it binds its life to bwrap's, and would wait for ever.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

from apps.tools.runners.bubblewrap.jail import HOSTNAME
from apps.tools.runners.confine.proc import read

_MARK = f"\0--hostname\0{HOSTNAME}\0".encode()


def sweep_orphans() -> None:
    """Kill the first process of every jail of this machine whose bwrap is dead. Those of other
    users, which an ordinary user cannot kill, stay."""
    for path in Path("/proc").glob("[0-9]*"):
        if _is_orphan(path.name):
            with suppress(OSError):
                _kill(int(path.name))


def _is_orphan(pid: str) -> bool:
    command = read(f"/proc/{pid}/cmdline")
    if _MARK not in command:
        return False
    lines = (
        line.split() for line in read(f"/proc/{pid}/status").decode("utf-8", "replace").splitlines()
    )
    status = {name: values for name, *values in filter(None, lines)}
    is_first_of_its_namespace = status.get("NSpid:", [])[1:] == ["1"]
    parent = "".join(status.get("PPid:", []))
    return is_first_of_its_namespace and read(f"/proc/{parent}/cmdline") != command


def _kill(pid: int) -> None:
    """The process's number may be another's by now, so it is held while it is looked at again."""
    process = os.pidfd_open(pid)
    try:
        if _is_orphan(str(pid)):
            signal.pidfd_send_signal(process, signal.SIGKILL)
    finally:
        os.close(process)
