"""As whom a server runs. PostgreSQL refuses to run as root, so root has to become someone else."""

import ctypes
import os
import pwd
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentplatform.embedded.errors import StackError

CLONE_NEWUSER = 0x10000000
PLAIN_ID = 1000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Ourselves, another user, or ourselves under a plain user id inside a user namespace."""

    user: int | None = None
    group: int | None = None
    is_namespaced: bool = False

    def popen_arguments(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def enter(self) -> Callable[[], None] | None:
        """What the child does between fork and exec."""
        return enter_namespace if self.is_namespaced else None

    def take(self, folder: Path) -> None:
        """Make everything below `folder` belong to whom the server runs as."""
        owner = os.geteuid() if self.user is None else self.user
        group = os.getegid() if self.group is None else self.group
        if os.geteuid() != 0 or folder.stat().st_uid == owner:
            return
        for parent, _, files in os.walk(folder):
            for path in (parent, *(os.path.join(parent, name) for name in files)):  # noqa: PTH118
                os.chown(path, owner, group, follow_symlinks=False)


def identity_for(folder: Path, program: Path) -> Identity:
    """Who may run `program` on data in `folder`: root hands it to a user who can reach both."""
    if os.geteuid() != 0:
        return Identity()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if is_reachable_by_all(folder.parent) and is_reachable_by_all(program):
            return Identity(user=entry.pw_uid, group=entry.pw_gid)
    if can_enter_namespace():
        return Identity(is_namespaced=True)
    raise StackError(
        f"{program.name} does not run as root, and no other user can read {folder}: start as an"
        " ordinary user, or clone into a folder that everyone can enter."
    )


def is_reachable_by_all(path: Path) -> bool:
    """Whether any user can enter the folder, or run the file, given its and its parents' modes."""
    resolved = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (resolved, *resolved.parents))


def enter_namespace() -> None:
    """Root outside, a plain user inside: files stay ours, and geteuid() is not 0."""
    if _libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{PLAIN_ID} 0 1"),
        ("gid_map", f"{PLAIN_ID} 0 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def can_enter_namespace() -> bool:
    """Whether the kernel lets us: tried in a child."""
    if not sys.platform.startswith("linux") or not shutil.which("true"):
        return False
    import subprocess

    try:
        return subprocess.run(["true"], preexec_fn=enter_namespace, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
