"""The processes of a program, by what none of them can change, and their end without a keeper."""

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from agentplatform.core.wait import wait_for
from apps.tools.runners.confine.proc import has_memory, look_at, read

_DEATH_SECONDS = 10.0


def members_of_user(user: int) -> Iterator[int]:
    """The processes of a user who has nothing but programs."""
    for pid in _everybody():
        with suppress(OSError):  # it has ended
            if Path(f"/proc/{pid}").stat().st_uid == user:
                yield pid


def members_of_session(keeper: int) -> Iterator[int]:
    """The processes of a keeper's session, which no program can leave, without the keeper."""
    for pid in _everybody():
        with suppress(OSError):
            if pid != keeper and os.getsid(pid) == keeper:
                yield pid


def end_user(user: int) -> None:
    """Kill every process of a program's user. Requires root."""

    def kill(_: Collection[int]) -> None:
        # In one system call, so that none can fork away.
        subprocess.run(
            ("/bin/sh", "-c", "kill -9 -1"),
            user=user,
            group=user,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )

    _end(lambda: members_of_user(user), kill)


def end_session(keeper: int) -> None:
    """Kill every process of a dead keeper's session: there is one group of them."""
    _end(lambda: members_of_session(keeper), _kill_groups)


def end_strays() -> None:
    """Kill what is left of this user's programs whose keeper is dead."""
    _end(_strays, _kill_groups)


def _end(members: Callable[[], Iterator[int]], kill: Callable[[Collection[int]], None]) -> None:
    """Raises TimeoutError when they do not die."""

    def are_dead() -> bool:
        alive = [pid for pid in members() if _is_alive(pid)]
        if alive:
            kill(alive)
        return not alive

    wait_for(are_dead, timeout_seconds=_DEATH_SECONDS, every_seconds=0.01, what="programs to die")


def _kill_groups(pids: Collection[int]) -> None:
    for pid in pids:
        with suppress(OSError):
            os.killpg(os.getpgid(pid), signal.SIGKILL)


def _strays() -> Iterator[int]:
    """Whoever is held as a program is, whose session has no leader."""
    for pid in members_of_user(os.geteuid()):
        with suppress(OSError):
            if not _is_alive(os.getsid(pid)) and _is_held(pid):
                yield pid


def _is_alive(pid: int) -> bool:
    return has_memory(look_at("/proc", pid)[1])


def _is_held(pid: int) -> bool:
    """By a filter, for good, and by a limit that hardly anybody else has."""
    status, limits = read(f"/proc/{pid}/status"), read(f"/proc/{pid}/limits")
    queues = next((line for line in limits.splitlines() if line.startswith(b"Max msgqueue")), b"")
    is_filtered = b"\nNoNewPrivs:\t1\n" in status and b"\nSeccomp:\t2\n" in status
    return is_filtered and queues.split()[3:5] == [b"0", b"0"]


def _everybody() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
