"""One child process: how it starts, how it is recognised later, how it ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from agentplatform.core.wait import wait_for
from agentplatform.embedded.identity import Identity

PR_SET_PDEATHSIG = 1
LOG_LIMIT_BYTES = 20 * 1024 * 1024
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Program:
    """A command that the supervisor keeps running. What has the lower stage stops later."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    stage: int = 1
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 8.0
    identity: Identity = field(default_factory=Identity)


def spawn(program: Program) -> "subprocess.Popen[bytes]":
    """Start the program in a session of its own. It is told to stop if we die, however we die."""
    if program.log.exists() and program.log.stat().st_size > LOG_LIMIT_BYTES:
        program.log.replace(program.log.with_suffix(".log.1"))
    with program.log.open("ab") as output:
        return subprocess.Popen(
            program.command,
            cwd=program.folder,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(_before_exec, program, os.getpid()),
            **program.identity.popen_arguments(),
        )


def _before_exec(program: Program, parent: int) -> None:
    enter = program.identity.enter()
    if enter:
        enter()
    die_with_parent(program.stop_signal, parent)


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """Get this signal when the parent dies. Changing user ids undoes it, so it comes after."""
    if _libc.prctl(PR_SET_PDEATHSIG, int(number)) == 0 and os.getppid() != parent:
        os.kill(os.getpid(), number)


def tail(log: Path, lines: int = 12) -> str:
    """The end of a log."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    return ""


def started_at(pid: int) -> str:
    """When the process started, in a form that no other process of any boot shares; or ''."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def remember(folder: Path, program: Program, pid: int) -> None:
    """Write down which process this is, whole or not at all, for the start that comes after a
    crash."""
    part = folder / f".{program.name}.part"
    part.write_text(f"{pid} {started_at(pid)} {int(program.stop_signal)}")
    part.replace(folder / f"{program.name}.pid")


def forget(folder: Path, program: Program) -> None:
    (folder / f"{program.name}.pid").unlink(missing_ok=True)


def stop_leftovers(folder: Path, *, patience_seconds: float = 10.0) -> list[str]:
    """Stop what an earlier, killed supervisor left running. Returns the names of what was."""
    running: dict[str, tuple[int, str, int]] = {}
    for path in sorted(folder.glob("*.pid")):
        pid, _, rest = path.read_text().partition(" ")
        mark, _, number = rest.partition(" ")
        if pid.isdigit() and mark and started_at(int(pid)) == mark:
            running[path.stem] = (int(pid), mark, int(number or signal.SIGTERM))
    for leader, _, signal_number in running.values():
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, signal_number)
    for leader, mark, _ in running.values():
        stop_group(leader, mark, patience_seconds)
    for path in folder.glob("*.pid"):
        path.unlink(missing_ok=True)
    return list(running)


def stop_group(pid: int, mark: str, patience_seconds: float) -> None:
    def has_ended() -> bool:
        return started_at(pid) != mark

    try:
        wait_for(has_ended, timeout_seconds=patience_seconds, what=f"process {pid} to end")
    except TimeoutError:
        kill_group(pid)
        with contextlib.suppress(TimeoutError):
            wait_for(has_ended, timeout_seconds=5, what=f"process {pid} to die")


def kill_group(leader: int) -> None:
    """Kill a whole process group; it may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
