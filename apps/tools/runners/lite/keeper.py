"""Keep one program: start it confined, collect its orphans, kill all of it, clean up.

A process of its own, between the worker and the program, with the worker's user. It outlives the
worker by as long as it takes to end the program. It uses the standard library only.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

from apps.tools.runners.lite import landlock

KILL = b"k"
"""On the control pipe: end the program. The pipe's end without it: the worker is gone, clean up."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 36, 38, 22
_FILTER_MODE = 2
_FIRST_TO_DIE = b"900"

_libc = ctypes.CDLL(None, use_errno=True)


def main(plan_fd: int, control_fd: int, report_fd: int, begun_fd: int) -> NoReturn:
    """Read the plan (see plan.py), carry it out, report `{"cpu_ms", "largest_bytes", "problem"}`,
    and end with the program's exit code, or 128 and the signal that killed it. `begun_fd` is closed
    once the program has begun, or could not. `largest_bytes` is the memory of the largest process.
    """
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2:
            with suppress(OSError):  # the listing's own
                os.set_inheritable(int(name), False)
    with os.fdopen(plan_fd, "rb") as file:
        plan = json.load(file)
    keeper = _Keeper(plan, control_fd, begun_fd)
    code = keeper.keep()
    told = {
        "cpu_ms": int(keeper.cpu_seconds * 1000),
        "largest_bytes": keeper.largest_bytes,
        "problem": keeper.problem,
    }
    with os.fdopen(report_fd, "w") as report:
        json.dump(told, report)
    os._exit(code)


class _Keeper:
    """`problem` says why the program could not be started; empty: it was."""

    def __init__(self, plan: dict[str, Any], control: int, begun: int) -> None:
        self.cpu_seconds = 0.0
        self.largest_bytes = 0
        self.problem = ""
        self._plan = plan
        self._control = control
        self._begun = begun
        self._exit_code = 125

    def keep(self) -> int:
        """Returns the exit code once every process of the program is dead."""
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        wake, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker)
        child, self.problem = _start(self._plan)
        os.close(self._begun)
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(self._control, select.POLLIN | select.POLLHUP)
        is_orphan = False
        while not self._has_reaped(child):
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._control in ready:
                is_orphan = os.read(self._control, 1) != KILL
                break
            with suppress(BlockingIOError):
                os.read(wake, 4096)
        self._kill_all(child)
        if is_orphan:
            from apps.tools.runners.lite.clean import clean  # what it needs would slow each start

            clean(self._plan["folder"])
        return self._exit_code

    def _has_reaped(self, child: int) -> bool:
        """Collect what has ended. Whether `child` was among it."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if self._count(pid, status, usage, child):
                return True

    def _kill_all(self, child: int) -> None:
        """A subreaper without children has no descendants: then nothing of the program is left."""
        _kill(child, self._plan["uid"])
        while True:
            try:
                pid, status, usage = os.wait4(-1, 0)
            except ChildProcessError:
                return
            self._count(pid, status, usage, child)

    def _count(self, pid: int, status: int, usage: resource.struct_rusage, child: int) -> bool:
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        self.largest_bytes = max(self.largest_bytes, usage.ru_maxrss * 1024)
        if pid != child:
            return False
        code = os.waitstatus_to_exitcode(status)
        self._exit_code = code if code >= 0 else 128 - code
        return True


def _kill(group: int, uid: int | None) -> None:
    """Kill the program's processes in one system call, so that none can fork away: all of its user
    where it has one of its own, else all of the group, which it cannot leave."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    if uid is None:
        return
    helper = os.fork()
    if helper == 0:
        with suppress(OSError):
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)


def _start(plan: dict[str, Any]) -> tuple[int, str]:
    """The program's pid, and what went wrong before it began."""
    told, teller = os.pipe2(os.O_CLOEXEC)
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            _become(plan, keeper)
        except BaseException as error:
            os.write(teller, f"{type(error).__name__}: {error}".encode()[:4000])
        os._exit(125)
    os.close(teller)
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    with suppress(OSError):
        os.setpgid(child, child)
    with os.fdopen(told, "rb") as file:
        return child, file.read().decode("utf-8", "replace")


def _become(plan: dict[str, Any], keeper: int) -> None:
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    box = os.open(plan["box"], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.dup2(box, plan["box_descriptor"], inheritable=True)
    os.chdir(plan["box"])
    _be_first_to_die()
    for kind, value in plan["limits"]:
        resource.setrlimit(kind, (value, value))
    if plan["uid"] is not None:
        os.setgroups([])
        os.setresgid(plan["uid"], plan["uid"], plan["uid"])
        os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:  # which has died before
        return
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    own = [f"/proc/{os.getpid()}/{name}" for name in plan["own_proc"]]
    landlock.restrict(
        readable=[*plan["readable"], *own], writable=plan["writable"], devices=plan["devices"]
    )
    _filter(bytes.fromhex(plan["filter"]))
    os.execve(plan["command"][0], plan["command"], plan["environment"])  # noqa: S606


def _be_first_to_die() -> None:
    """When the machine has no memory left, the program goes first."""
    with suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(score, _FIRST_TO_DIE)
        os.close(score)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def _filter(instructions: bytes) -> None:
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    program = _Program(len(instructions) // 8, ctypes.addressof(buffer))
    _prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program))


def _prctl(option: int, value: int, pointer: Any = None) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), pointer, None, None):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}: {os.strerror(code)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
