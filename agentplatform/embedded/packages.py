"""The distribution's packages: installed as root, or only unpacked into a folder."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

INSTALL_SECONDS = 600
DOWNLOAD = ("install", "-y", "--no-install-recommends", "--download-only", "--reinstall")


@dataclass(frozen=True, kw_only=True)
class Manager:
    """A package manager: how it refreshes its lists and installs, and how it names what we want."""

    program: str
    install: tuple[str, ...]
    refresh: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


MANAGERS = (
    Manager(
        program="apt-get",
        refresh=("update",),
        install=("install", "-y", "--no-install-recommends"),
        names={"venv": "python3-venv", "chromium": "chromium fonts-dejavu-core"},
    ),
    Manager(program="dnf", install=("install", "-y"), names={"venv": "python3-pip"}),
    Manager(
        program="apk",
        install=("add", "--no-cache"),
        names={"venv": "py3-virtualenv"},
    ),
    Manager(
        program="pacman",
        install=("-Sy", "--noconfirm", "--needed"),
        names={"venv": "python-virtualenv"},
    ),
    Manager(
        program="zypper",
        install=("--non-interactive", "install", "--no-recommends"),
        names={"venv": "python3-virtualenv"},
    ),
)


def manager() -> Manager | None:
    """This machine's package manager, if it is one we know."""
    return next((known for known in MANAGERS if shutil.which(known.program)), None)


def install(wanted: list[str], log: Path) -> bool:
    """Install packages as root. False when there is no known manager or it failed; see `log`."""
    found = manager()
    if found is None or os.geteuid() != 0:
        return False
    names = " ".join(found.names.get(name, name) for name in wanted).split()
    with log.open("a") as output:
        if found.refresh:
            call([found.program, *found.refresh], output)
        return call([found.program, *found.install, *names], output)


def install_hint(wanted: list[str]) -> str:
    """The command that would install them, for a sentence to a person."""
    found = manager() or MANAGERS[0]
    names = " ".join(found.names.get(name, name) for name in wanted)
    return " ".join((found.program, *found.install, names))


def can_unpack() -> bool:
    """Whether this is Debian or its kin."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-deb"))


def unpack(wanted: list[str], *, into: Path, log: Path) -> Path:
    """Without root, on Debian and its kin: download the packages, and what they need that is not
    installed, and unpack them into a folder. The folder stays empty where that cannot be done."""
    root = into / "root"
    if not can_unpack():
        return root
    lists, cache = into / "lists", into / "cache"
    for folder in (root, lists / "partial", cache / "archives" / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State::lists={lists}", f"Dir::Cache={cache}", "Debug::NoLocking=true"]
    if os.geteuid() == 0:
        options.append("APT::Sandbox::User=root")
    apt_get = ["apt-get", "-q", *(part for option in options for part in ("-o", option))]
    with log.open("a") as output:
        fetched = call([*apt_get, "update"], output) and call(
            [*apt_get, *DOWNLOAD, *wanted], output
        )
        for archive in sorted((cache / "archives").glob("*.deb")) if fetched else ():
            call(["dpkg-deb", "-x", str(archive), str(root)], output)
    shutil.rmtree(cache, ignore_errors=True)
    shutil.rmtree(lists, ignore_errors=True)
    return root


def library_path(root: Path) -> dict[str, str]:
    """What a program unpacked below `root` needs to find the libraries unpacked beside it."""
    shared = [path for base in ("usr/lib", "lib") for path in (root / base).glob("*-linux-*")]
    own = [path for base in shared for path in base.glob("*/") if any(path.glob("lib*.so*"))]
    return {"LD_LIBRARY_PATH": ":".join(str(path) for path in (*shared, *own))}


def starts(program: str, environment: dict[str, str]) -> bool:
    """Whether the program can print its version: a stub or one that lacks a library cannot."""
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, timeout=20, env=os.environ | environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def call(command: list[str], output: IO[str]) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        finished = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return finished.returncode == 0
