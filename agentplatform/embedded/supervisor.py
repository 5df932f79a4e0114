"""Keeps programs running, and stops all of them in order."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agentplatform.core.wait import wait_for
from agentplatform.embedded import program as programs
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.program import Program

QUICK_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """A program, its present process if it has one, and how it has been doing."""

    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    quick_deaths: int = 0
    restart_at: float = 0.0


class Supervisor:
    """Starts programs and starts them again when they die, pausing longer each time that one dies
    young. Use it from one thread only: the kernel ties a child's life to the thread that made it.
    """

    def __init__(self, *, run_folder: Path, say: Callable[[str], None]) -> None:
        self._folder = run_folder
        self._say = say
        self._children: dict[str, Child] = {}

    def start(self, program: Program) -> None:
        """Start a program, from now on kept running."""
        child = self._children[program.name] = Child(program)
        self._spawn(child)

    def drop(self, name: str) -> None:
        """Stop one program and no longer keep it running."""
        self._stop([self._children.pop(name)])

    def pids(self) -> dict[str, int]:
        """The process id of each program that runs now."""
        return {
            name: child.process.pid
            for name, child in self._children.items()
            if child.process is not None and child.process.poll() is None
        }

    def tick(self) -> None:
        """Notice deaths and start again what is due. Call it a few times a second. Raises
        KeyboardInterrupt if we were told to stop and nobody heard it."""
        _heed_interrupt()
        now = time.monotonic()
        for child in self._children.values():
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            elif child.process is None and now >= child.restart_at:
                self._spawn(child)

    def wait_until(
        self,
        condition: Callable[[], bool],
        *,
        timeout_seconds: float,
        what: str,
        every_seconds: float = 0.1,
    ) -> None:
        """Tick until the condition holds. Raises TimeoutError, naming `what`."""

        def tick_and_ask() -> bool:
            self.tick()
            return condition()

        wait_for(
            tick_and_ask,
            timeout_seconds=timeout_seconds,
            every_seconds=every_seconds,
            what=what,
        )

    def wait_ready(
        self, name: str, is_ready: Callable[[], bool], *, timeout_seconds: float = 30.0
    ) -> None:
        """Wait for a program's first readiness. Raises StackError with its log if it dies first."""
        child = self._children[name]

        def is_settled() -> bool:
            return child.process is None or child.process.poll() is not None or is_ready()

        try:
            wait_for(is_settled, timeout_seconds=timeout_seconds, what=name)
        except TimeoutError as error:
            raise StackError(f"{name} did not get ready: {self._last_words(child)}") from error
        if child.process is None or child.process.poll() is not None:
            raise StackError(f"{name} did not start: {self._last_words(child)}")

    def stop(self) -> None:
        """Stop everything, the highest stage first. Interrupted, it kills what is left."""
        children, self._children = list(self._children.values()), {}
        try:
            for stage in sorted({child.program.stage for child in children}, reverse=True):
                self._stop([child for child in children if child.program.stage == stage])
        except KeyboardInterrupt:
            for child in children:
                if child.process is not None:
                    programs.kill_group(child.process.pid)
                    child.process.wait()

    def _spawn(self, child: Child) -> None:
        with _held_interrupt():  # a process that nobody knows would stay
            child.started = time.monotonic()
            child.process = programs.spawn(child.program)
            programs.remember(self._folder, child.program, child.process.pid)

    def _bury(self, child: Child, now: float) -> None:
        assert child.process is not None
        code = child.process.returncode
        programs.kill_group(child.process.pid)
        child.process = None
        child.quick_deaths = child.quick_deaths + 1 if now - child.started < QUICK_SECONDS else 0
        pause = min(0.5 * 2**child.quick_deaths, LONGEST_PAUSE_SECONDS) if child.quick_deaths else 0
        child.restart_at = now + pause
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        self._say(f"{child.program.name} stopped ({how}); starting it again")
        if child.quick_deaths in (3, 8):
            self._say(f"{child.program.name} keeps stopping: {self._last_words(child)}")

    def _stop(self, children: list[Child]) -> None:
        living = [child for child in children if child.process is not None]
        for child in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(_process(child).pid, child.program.stop_signal)
        deadline = time.monotonic() + max((c.program.grace_seconds for c in living), default=0)
        for child in living:
            with contextlib.suppress(subprocess.TimeoutExpired):
                _process(child).wait(max(0.0, deadline - time.monotonic()))
            programs.kill_group(_process(child).pid)
            _process(child).wait()
            programs.forget(self._folder, child.program)

    def _last_words(self, child: Child) -> str:
        log = child.program.log
        return f"the end of {log}:\n{programs.tail(log)}"


def _process(child: Child) -> "subprocess.Popen[bytes]":
    assert child.process is not None
    return child.process


_told_to_stop = threading.Event()
_is_held = threading.Event()


def interrupt_on_signals() -> None:
    """SIGTERM and SIGHUP stop us the way Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _interrupt)


def _interrupt(*_signal: object) -> None:
    _told_to_stop.set()
    if not _is_held.is_set():
        raise KeyboardInterrupt


def _heed_interrupt() -> None:
    """Python drops an exception that is raised within a callback of a fork or of the end of an
    object; whoever has to stop hears of it here."""
    if _told_to_stop.is_set():
        raise KeyboardInterrupt


@contextmanager
def _held_interrupt() -> Iterator[None]:
    """Within the block nobody is told to stop; after it they are."""
    _is_held.set()
    try:
        yield
    finally:
        _is_held.clear()
    _heed_interrupt()
