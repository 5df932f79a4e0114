"""A program that Playwright can start as its browser, and that is Chromium in a jail."""

import json
import os
import shlex
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Literal

from apps.tools.runners.browser import launch
from apps.tools.runners.browser.chromium import Chromium
from apps.tools.runners.browser.folder import browser_folder
from apps.tools.runners.browser.guard import Guard
from apps.tools.runners.bubblewrap.jail import Descriptors, Jail, bwrap_arguments
from apps.tools.runners.bubblewrap.process import (
    filter_file,
    identity_files,
    network_files,
    new_user,
)
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.limits import Limits

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


@dataclass(frozen=True, kw_only=True)
class Program:
    """What Playwright is to start, once, and where it is to have files saved: a folder that is
    below /tmp inside the jail as well."""

    path: Path
    downloads: Path


@contextmanager
def jailed_browser(wish: Wish, guard: Guard) -> Iterator[Program]:
    """The program to start. On leaving, everything it has started is dead."""
    with ExitStack() as held:
        temporary = tempfile.TemporaryDirectory(prefix="browser-", dir=browser_folder())
        folder = Path(held.enter_context(temporary))
        program = _write_program(folder, wish)
        info = held.enter_context(_open_pipe(folder / "info", os.O_RDONLY | os.O_NONBLOCK, "rb"))
        # Opened for both directions, so that neither side waits for the other.
        go = held.enter_context(_open_pipe(folder / "go", os.O_RDWR, "r+b"))
        watcher = threading.Thread(
            target=guard.watch, args=(info, go), name="browser-guard", daemon=True
        )
        watcher.start()
        try:
            yield Program(path=program, downloads=folder / "downloads")
        finally:
            guard.close()
            # A watcher that still waits for a jail to tell of itself reads an end of file.
            os.close(os.open(folder / "info", os.O_WRONLY | os.O_NONBLOCK))
            watcher.join()


def _write_program(folder: Path, wish: Wish) -> Path:
    """Write the plan that launch.py reads, and a script that runs it."""
    data = {**identity_files(), **network_files(), **_font_files(wish.chromium)}
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
        command=(wish.chromium.path,),
    )
    plan = {
        "read": {**read, go: str(folder / "go")},
        "write": {info: str(folder / "info")},
        "uid": new_user(),
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


def font_settings(chromium: Chromium) -> str:
    """What fontconfig is told of Chromium's own fonts; empty: the system's settings do."""
    if not chromium.font_folders:
        return ""
    folders = "".join(f"<dir>{folder}</dir>" for folder in chromium.font_folders)
    settings = f"<fontconfig>{folders}<cachedir>/tmp/fonts</cachedir></fontconfig>"
    return f'<?xml version="1.0"?>{settings}'


def _font_files(chromium: Chromium) -> dict[str, BinaryIO]:
    settings = font_settings(chromium)
    return {_FONTS: sealed_file(settings.encode())} if settings else {}


def _open_pipe(path: Path, flags: int, mode: Literal["rb", "r+b"]) -> FileIO:
    return open(path, mode, buffering=0, opener=lambda name, _: os.open(name, flags | os.O_CLOEXEC))
