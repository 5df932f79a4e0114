"""Start a program under its keeper."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.confine.groups.group import Group
from apps.tools.runners.limits import Limits
from apps.tools.runners.lite.inside import Inside
from apps.tools.runners.lite.plan import make_plan
from apps.tools.runners.lite.slots import Slot
from apps.tools.runners.sandbox import SandboxUnavailable

_ROOT = Path(__file__).resolve().parents[4]
_KEEP = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from apps.tools.runners.lite.keeper import main; main(*map(int, sys.argv[1:]))"
)
_BEGIN_SECONDS = 10.0
_NO_REPORT = b'{"cpu_ms": 0, "largest_bytes": 0, "problem": ""}'
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass
class Kept:
    """A started program: its keeper, whose outputs and exit code are the program's, the handles on
    it, and its work and artifact folders, held open."""

    process: subprocess.Popen[bytes]
    inside: Inside
    box: int
    artifacts: int
    _report: BinaryIO

    def read_report(self) -> dict[str, Any]:
        """What the keeper says of a program that has ended: `{"cpu_ms", "largest_bytes"}`, zeros
        when it was killed too, as by the kernel for want of memory.

        Raises SandboxUnavailable, with the reason, when the program could not be started.
        """
        self._report.seek(0)
        told = json.loads(self._report.read() or _NO_REPORT)
        if told["problem"]:
            raise SandboxUnavailable(f"A program cannot be started: {told['problem']}.")
        assert isinstance(told, dict)
        return told


@contextmanager
def start(
    slot: Slot,
    command: tuple[str, ...],
    limits: Limits,
    *,
    stdin: bytes,
    readable: tuple[str, ...],
    environment: Mapping[str, str],
    group: Group,
) -> Iterator[Kept]:
    """Run `command` in the slot, confined before its first instruction. On leaving, everything of
    it is dead."""
    plan = make_plan(slot, command, limits, readable=readable, environment=environment)
    with ExitStack() as held:
        listening, control = os.pipe2(os.O_CLOEXEC)
        life = held.enter_context(os.fdopen(control, "wb", buffering=0))
        report = held.enter_context(os.fdopen(os.memfd_create("report", os.MFD_CLOEXEC), "w+b"))
        box, artifacts = os.open(slot.box, _FOLDER), os.open(slot.box / "artifacts", _FOLDER)
        held.callback(os.close, box)
        held.callback(os.close, artifacts)
        waiting, begun = os.pipe2(os.O_CLOEXEC)
        held.callback(os.close, waiting)
        with ExitStack() as given, group.starting():
            given.callback(os.close, listening)
            given.callback(os.close, begun)
            keeper = _keeper(plan, stdin, (listening, report.fileno(), begun), slot.lock)
        process = held.enter_context(keeper)
        held.callback(life.close)  # before its end is waited for, which that brings about
        group.add(process.pid)
        pidfd = os.pidfd_open(process.pid)
        held.callback(os.close, pidfd)
        inside = Inside(
            slot, keeper=process.pid, pidfd=pidfd, control=control, limits=limits, group=group
        )
        try:
            _wait_begun(waiting)
            yield Kept(process, inside, box, artifacts, report)
        finally:
            inside.kill()
            inside.wait_dead()


def _wait_begun(waiting: int) -> None:
    """The program's time counts from when it begins."""
    poll = select.poll()
    poll.register(waiting, select.POLLHUP)
    poll.poll(_BEGIN_SECONDS * 1000)


def _keeper(
    plan: dict[str, Any], stdin: bytes, others: tuple[int, ...], lock: int
) -> subprocess.Popen[bytes]:
    """The keeper holds the slot's lock too, so that it is not taken before all in it is dead."""
    with sealed_file(json.dumps(plan).encode()) as told, sealed_file(stdin) as source:
        numbers = (told.fileno(), *others)
        return subprocess.Popen(
            (sys.executable, "-I", "-S", "-c", _KEEP, str(_ROOT), *map(str, numbers)),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(*numbers, lock),
            env={},
            cwd="/",
            start_new_session=True,
        )
