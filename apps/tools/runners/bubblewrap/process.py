"""Start bwrap and learn which process is the jail's first."""

import functools
import json
import os
import secrets
import select
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from apps.tools.egress.way_out import FILES
from apps.tools.runners.bubblewrap.inside import NotReady
from apps.tools.runners.bubblewrap.jail import GROUP, PASSWD, Descriptors
from apps.tools.runners.bubblewrap.orphans import sweep_orphans
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.confine.identity import acting_as
from apps.tools.runners.confine.seccomp import Profile, UnsupportedMachine, build_filter
from apps.tools.runners.sandbox import SandboxDied, SandboxUnavailable

# Root is exempt from the limit on processes, so a worker that is root gives it up first.
OUTSIDE_UIDS = range(64500, 65500)
_INFO_SECONDS = 10.0
_END_SECONDS = 5.0


@contextmanager
def started(
    bwrap: str,
    arguments: tuple[str, ...],
    descriptors: Descriptors,
    stdin: BinaryIO,
    *,
    user: int | None,
) -> Iterator[subprocess.Popen[bytes]]:
    """bwrap's process, which is `user`'s; on leaving it has ended. Raises SandboxUnavailable when
    it does not start.

    It is killed when the calling thread ends.
    """
    try:
        with as_user(user):
            process = subprocess.Popen(
                (bwrap, *arguments),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=descriptors.all,
                env={},
                cwd="/",
                start_new_session=True,
            )
    except OSError as error:
        raise SandboxUnavailable(f"{bwrap} does not start: {error.strerror}.") from error
    with process:
        try:
            yield process
        finally:
            _end(process)


def new_user() -> int | None:
    """Whom a jail belongs to outside; None: the worker's own user, which cannot become another.

    The kernel counts by user what jails could otherwise take from each other: open files on their
    way through sockets, watches, pages of pipes.
    """
    return secrets.choice(OUTSIDE_UIDS) if os.geteuid() == 0 else None


def as_user(user: int | None) -> AbstractContextManager[None]:
    """The calling thread as that user."""
    return nullcontext() if user is None else acting_as(user)


def as_owner_of(pid: int) -> AbstractContextManager[None]:
    """The calling thread as the user of a process. Raises ProcessLookupError when it is gone."""
    try:
        owner = Path(f"/proc/{pid}").stat().st_uid
    except FileNotFoundError as error:
        raise ProcessLookupError(pid) from error
    return as_user(owner if os.geteuid() == 0 else None)


def identity_files() -> dict[str, BinaryIO]:
    """The jail's user and group files, by their path inside."""
    return {"/etc/passwd": sealed_file(PASSWD), "/etc/group": sealed_file(GROUP)}


def network_files() -> dict[str, BinaryIO]:
    """The files by which names are looked up in a jail, by their path inside."""
    return {path: sealed_file(text) for path, text in FILES.items()}


def filter_file(profile: Profile) -> BinaryIO:
    """The system call filter as an open file. Raises SandboxUnavailable on other processors."""
    try:
        return sealed_file(_filter(profile))
    except UnsupportedMachine as error:
        raise SandboxUnavailable(f"There is {error}.") from error


def read_init_pid(info: BinaryIO) -> int:
    """The host's pid of the jail's first process. Raises NotReady when bwrap ends before."""
    poll = select.poll()
    poll.register(info, select.POLLIN | select.POLLHUP)
    told = b""
    while b"}" not in told and poll.poll(_INFO_SECONDS * 1000):
        part = info.read(4096)
        if not part:
            break
        told += part
    if b"}" not in told:
        raise NotReady
    return int(json.loads(told)["child-pid"])


def refusal(process: subprocess.Popen[bytes]) -> SandboxUnavailable:
    """Why there is no jail, in bwrap's or the interpreter's last words. One that said nothing was
    killed, or too slow. Ends the process."""
    process.kill()
    process.wait()
    sweep_orphans()  # which hold its outputs open
    _, stderr = process.communicate()
    said = stderr.decode("utf-8", "replace").strip().splitlines()
    if not said:
        return SandboxDied()
    return SandboxUnavailable(f"bwrap cannot build a sandbox here: {said[-1]}.")


_filter = functools.lru_cache(build_filter)


def _end(process: subprocess.Popen[bytes]) -> None:
    """bwrap ends by itself once its jail is dead; a jail that was never built dies with bwrap."""
    try:
        process.wait(_END_SECONDS if process.returncode is None else 0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
