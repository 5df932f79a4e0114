"""The platform's processes, started again as soon as they end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from agentplatform.core.wait import wait_for
from agentplatform.embedded.procfile import read_procfile
from agentplatform.embedded.program import Program, kill_group, spawn
from agentplatform.settings.environment import ROOT

PROCESSES = ("steps", "llm", "tools", "beat")
READY = {"beat": b"is starting."}


class Fleet:
    """Start and use it from one thread: the kernel ties a child's life to the thread that made it.
    `deaths` counts the ends that nobody asked for; `children` is how many processes the worker of
    steps forks, if not as many as its pool says."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *, children: int | None = None
    ) -> None:
        (folder / "beat").mkdir(exist_ok=True)
        commands = read_procfile(ROOT / "Procfile", {"DATA_FOLDER": str(folder), **NO_PORTS})
        if children is not None:
            commands["steps"] = (*commands["steps"], str(children))
        self._programs = {
            name: Program(
                name=name,
                command=(sys.executable, *commands[name][1:]),
                environment={**environment, "SERVICE": name},
                folder=ROOT,
                log=folder / f"{name}.log",
            )
            for name in PROCESSES
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._read_from: dict[str, int] = {}
        self._suspended: set[str] = set()
        self.deaths = 0

    def start(self) -> None:
        for name in PROCESSES:
            self._spawn(name)
        self.wait_until(lambda: all(map(self.is_ready, PROCESSES)), what="the processes")

    def tick(self) -> None:
        """Start again what has ended."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.deaths += 1
                kill_group(process.pid)
                del self._running[name]
        for name in set(PROCESSES) - set(self._running) - self._suspended:
            self._spawn(name)

    def wait_until(
        self, condition: Callable[[], object], *, what: str, timeout_seconds: float = 60
    ) -> None:
        """Tick until it holds."""

        def tick_and_ask() -> object:
            self.tick()
            return condition()

        wait_for(tick_and_ask, timeout_seconds=timeout_seconds, what=what)

    def is_ready(self, name: str) -> bool:
        """Whether it has said so since it was started last."""
        process = self._running.get(name)
        if process is None or process.poll() is not None:
            return False
        with self._programs[name].log.open("rb") as log:
            log.seek(self._read_from[name])
            return READY.get(name, b"ready.") in log.read()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def children(self, name: str) -> list[int]:
        """The processes that it has forked."""
        found = []
        with suppress(FileNotFoundError, KeyError):
            for thread in Path(f"/proc/{self.pid(name)}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        return found

    def signal(self, name: str, number: signal.Signals) -> None:
        """To the process and all that it has forked."""
        os.killpg(self.pid(name), number)

    def kill(self, name: str) -> None:
        self.signal(name, signal.SIGKILL)

    def suspend(self, name: str) -> None:
        """Kill it, and keep it from being started again until `resume`."""
        self._suspended.add(name)
        self.kill(name)
        self._running.pop(name).wait()

    @contextmanager
    def hired(self, name: str) -> Iterator[None]:
        """A second process of this kind works inside the block."""
        program = self._programs[name]
        log = program.log.with_name(f"second-{name}.log")
        log.unlink(missing_ok=True)
        process = spawn(replace(program, log=log))
        try:
            self.wait_until(lambda: b"ready." in log.read_bytes(), what=f"a second {name}")
            yield
        finally:
            kill_group(process.pid)
            process.wait()

    def resume(self, name: str) -> None:
        self._suspended.discard(name)
        self._spawn(name)
        self.wait_until(lambda: self.is_ready(name), what=name)

    def stop(self) -> None:
        for process in self._running.values():
            kill_group(process.pid)
            process.wait()
        self._running.clear()

    def _spawn(self, name: str) -> None:
        log = self._programs[name].log
        self._read_from[name] = log.stat().st_size if log.exists() else 0
        self._running[name] = spawn(self._programs[name])


NO_PORTS = {"PORT": "0", "FLOWER_PORT": "0"}
