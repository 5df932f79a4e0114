"""A program that Playwright can start as its browser, and that is Chromium in a jail."""

import json
import os
import shlex
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Literal

from apps.tools.contracts import ToolStatus
from apps.tools.runners.browser import launch
from apps.tools.runners.browser.chromium import Chromium
from apps.tools.runners.bubblewrap.inside import Inside, NotReady
from apps.tools.runners.bubblewrap.jail import Descriptors, Jail, bwrap_arguments
from apps.tools.runners.bubblewrap.process import (
    OUTSIDE_UID,
    filter_file,
    identity_files,
    read_init_pid,
)
from apps.tools.runners.bubblewrap.resources import bounded_command
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.confine.supervise import SAMPLE_SECONDS
from apps.tools.runners.limits import Limits

PATIENCE_SECONDS = 5.0
"""How long Playwright may take to notice that its browser was killed. In the midst of making a page
its driver may never do; without a driver every call of Playwright fails at once."""
_FONTS = "/program/fonts.conf"
_FIRST_DESCRIPTOR = 10


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which Chromium, in which bwrap, within which limits; nested namespaces let Chromium build
    its own sandbox inside."""

    bwrap: str
    chromium: Chromium
    limits: Limits
    has_nested_namespaces: bool


class Guard:
    """Watches a jailed browser from a thread of its own and kills it at a limit."""

    def __init__(self, limits: Limits, deadline: float, stop: threading.Event) -> None:
        self.broken: ToolStatus | None = None
        self.peak_memory_bytes = 0
        self._limits = limits
        self._deadline = deadline
        self._stop = stop
        self._closing = threading.Event()

    def watch(self, info: BinaryIO, go: BinaryIO) -> None:
        """Wait for the jail, let it go, and stay until it is dead."""
        try:
            init = read_init_pid(info)
            with _driver_of(init) as driver:
                with Inside(init) as inside:
                    go.write(b"x")
                    while self.broken is None and not self._closing.wait(SAMPLE_SECONDS):
                        self.broken = self._breach(inside)
                    self.peak_memory_bytes = inside.peak_memory_bytes
                if self.broken is not None and not self._closing.wait(PATIENCE_SECONDS):
                    signal.pidfd_send_signal(driver, signal.SIGKILL)
        except NotReady:
            return  # the browser has not come up, which Playwright reports

    def close(self) -> None:
        """Ask the watching thread to kill what is left and to end."""
        self._closing.set()

    def _breach(self, inside: Inside) -> ToolStatus | None:
        if self._stop.is_set():
            return "killed"
        if time.monotonic() >= self._deadline:
            return "timeout"
        return inside.breach(self._limits)


@contextmanager
def jailed_browser(wish: Wish, guard: Guard) -> Iterator[str]:
    """The path of the program to start once. On leaving, everything it has started is dead."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="browser-")))
        program = _write_program(folder, wish)
        info = held.enter_context(_open_pipe(folder / "info", os.O_RDONLY | os.O_NONBLOCK, "rb"))
        # Opened for both directions, so that neither side waits for the other.
        go = held.enter_context(_open_pipe(folder / "go", os.O_RDWR, "r+b"))
        watcher = threading.Thread(target=guard.watch, args=(info, go), name="browser-guard")
        watcher.start()
        try:
            yield str(program)
        finally:
            guard.close()
            watcher.join()


@contextmanager
def _driver_of(init: int) -> Iterator[int]:
    """A handle on Playwright's driver, which started bwrap, which started the jail's first process.
    Raises NotReady when they have ended."""
    try:
        driver = os.pidfd_open(_parent_of(_parent_of(init)))
    except OSError as error:
        raise NotReady from error
    try:
        yield driver
    finally:
        os.close(driver)


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _write_program(folder: Path, wish: Wish) -> Path:
    """Write the plan that launch.py reads, and a script that runs it."""
    data = {**identity_files(), **_font_files(wish.chromium)}
    files = {"filter": filter_file("browser"), **{path: data[path] for path in data}}
    descriptors: dict[str, int] = {}
    read: dict[int, str] = {}
    for number, (name, file) in enumerate(files.items(), _FIRST_DESCRIPTOR):
        stored = folder / str(number)
        with file:
            stored.write_bytes(file.read())
        descriptors[name] = number
        read[number] = str(stored)
    info, go = _FIRST_DESCRIPTOR + len(files), _FIRST_DESCRIPTOR + len(files) + 1
    os.mkfifo(folder / "info")
    os.mkfifo(folder / "go")
    arguments = bwrap_arguments(
        _jail(wish),
        descriptors=Descriptors(
            filter=descriptors.pop("filter"), info=info, block=go, data=descriptors
        ),
        command=bounded_command((wish.chromium.path,), wish.limits),
    )
    plan = {
        "read": {**read, go: str(folder / "go")},
        "write": {info: str(folder / "info")},
        "uid": OUTSIDE_UID if os.geteuid() == 0 else None,
        "command": [wish.bwrap, *arguments],
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    script = folder / "chromium"
    start = shlex.join(
        [sys.executable, "-I", "-S", str(launch.__file__), str(folder / "plan.json")]
    )
    script.write_text(f'#!/bin/sh\nexec {start} "$@"\n')
    script.chmod(0o700)
    return script


def _jail(wish: Wish) -> Jail:
    environment = dict(wish.chromium.environment)
    if wish.chromium.font_folders:
        environment["FONTCONFIG_FILE"] = _FONTS
    return Jail(
        limits=wish.limits,
        environment=environment,
        readable=wish.chromium.readable,
        has_nested_namespaces=wish.has_nested_namespaces,
    )


def _font_files(chromium: Chromium) -> dict[str, BinaryIO]:
    if not chromium.font_folders:
        return {}
    folders = "".join(f"<dir>{folder}</dir>" for folder in chromium.font_folders)
    settings = f"<fontconfig>{folders}<cachedir>/tmp/fonts</cachedir></fontconfig>"
    return {_FONTS: sealed_file(f'<?xml version="1.0"?>{settings}'.encode())}


def _open_pipe(path: Path, flags: int, mode: Literal["rb", "r+b"]) -> FileIO:
    return open(path, mode, buffering=0, opener=lambda name, _: os.open(name, flags | os.O_CLOEXEC))
