"""Finds pgbouncer, the transaction pooler that tests put before PostgreSQL, or gets it."""

import os
import shutil
from pathlib import Path

from agentplatform.embedded import packages

SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")
"""Where packages put it; an ordinary user's PATH often lacks both."""
UNPACKED = "root/usr/sbin/pgbouncer"


def find(folder: Path) -> str:
    """The path of a pgbouncer that starts, or an empty string. `folder` holds what `get` got."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))
    candidates = (shutil.which("pgbouncer", path=places), str(folder / UNPACKED))
    return next((path for path in candidates if path and starts(path, folder)), "")


def starts(program: str, folder: Path) -> bool:
    """Whether the program can print its version."""
    return packages.starts(program, library_path(program, folder))


def library_path(program: str, folder: Path) -> dict[str, str]:
    """What an unpacked pgbouncer needs to find the libraries unpacked beside it."""
    return packages.library_path(folder / "root") if Path(program) == folder / UNPACKED else {}


def get(*, folder: Path, log: Path) -> str:
    """Get pgbouncer and return its path, or an empty string.

    On Debian and its kin it is unpacked into `folder` for root too: installed there, it would run
    as a service of the machine. Elsewhere root installs it.
    """
    if packages.can_unpack():
        packages.unpack(["pgbouncer"], into=folder, log=log)
    else:
        packages.install(["pgbouncer"], log)
    return find(folder)
