"""Start bwrap and learn which process is the jail's first."""

import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from apps.tools.egress.session import Egress
from apps.tools.egress.way_out import FILES, NoWayIn, open_way_out
from apps.tools.runners.bubblewrap.inside import Inside, NotReady
from apps.tools.runners.bubblewrap.jail import GROUP, PASSWD, Descriptors, Jail, bwrap_arguments
from apps.tools.runners.bubblewrap.resources import bounded_command
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.confine.seccomp import Profile, UnsupportedMachine, build_filter
from apps.tools.runners.sandbox import SandboxUnavailable

# Root is exempt from the limit on processes, so a worker that is root gives it up first.
OUTSIDE_UID = 64010
_INFO_SECONDS = 10.0
_END_SECONDS = 5.0


@dataclass
class Jailed:
    """A running jail: bwrap's own process and the handles on what it holds."""

    process: subprocess.Popen[bytes]
    inside: Inside


@contextmanager
def start_jailed(
    bwrap: str,
    jail: Jail,
    command: tuple[str, ...],
    *,
    stdin: bytes = b"",
    data: Mapping[str, BinaryIO] | None = None,
    egress: Egress | None = None,
) -> Iterator[Jailed]:
    """Run `command` in `jail`, its limits set before its first instruction. `data` maps paths
    inside to open files whose content appears there, read-only; `egress` is its way out, without
    which it has no network. On leaving, everything is dead.

    Raises SandboxUnavailable, with bwrap's own words, when the jail cannot be built.
    """
    with ExitStack() as held:
        info_out, info_in = _pipe(held)
        block_out, block_in = _pipe(held)
        files = {**identity_files(), **network_files(egress), **(data or {})}
        descriptors = Descriptors(
            filter=held.enter_context(filter_file("code")).fileno(),
            info=info_in.fileno(),
            block=block_out.fileno(),
            data={path: held.enter_context(file).fileno() for path, file in files.items()},
        )
        bounded = bounded_command(command, jail.limits)
        arguments = bwrap_arguments(jail, descriptors=descriptors, command=bounded)
        process = held.enter_context(_started(bwrap, arguments, descriptors, stdin))
        info_in.close()
        try:
            inside = held.enter_context(Inside(read_init_pid(info_out)))
        except NotReady as error:
            raise SandboxUnavailable(_complaint(process)) from error
        if egress is not None:
            _enter_way_out(held, inside, egress)
        block_in.write(b"x")
        yield Jailed(process, inside)


def identity_files() -> dict[str, BinaryIO]:
    """The jail's user and group files, by their path inside."""
    return {"/etc/passwd": sealed_file(PASSWD), "/etc/group": sealed_file(GROUP)}


def network_files(egress: Egress | None) -> dict[str, BinaryIO]:
    """The files by which a jail with a way out looks names up, by their path inside."""
    return {} if egress is None else {path: sealed_file(text) for path, text in FILES.items()}


def filter_file(profile: Profile) -> BinaryIO:
    """The system call filter as an open file. Raises SandboxUnavailable on other processors."""
    try:
        return sealed_file(build_filter(profile))
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


def _enter_way_out(held: ExitStack, inside: Inside, egress: Egress) -> None:
    try:
        held.enter_context(open_way_out(inside.init, egress))
    except NoWayIn as error:
        raise SandboxUnavailable(f"The sandbox's network cannot be opened: {error}.") from error


@contextmanager
def _started(
    bwrap: str, arguments: tuple[str, ...], descriptors: Descriptors, stdin: bytes
) -> Iterator[subprocess.Popen[bytes]]:
    identity = OUTSIDE_UID if os.geteuid() == 0 else None
    with sealed_file(stdin) as source:
        try:
            process = subprocess.Popen(
                (bwrap, *arguments),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=descriptors.all,
                env={},
                cwd="/",
                start_new_session=True,
                user=identity,
                group=identity,
                extra_groups=None if identity is None else [],
            )
        except OSError as error:
            raise SandboxUnavailable(f"{bwrap} does not start: {error.strerror}.") from error
    with process:
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """bwrap ends by itself once its jail is dead; a jail that was never built dies with bwrap."""
    try:
        process.wait(_END_SECONDS if process.returncode is None else 0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _complaint(process: subprocess.Popen[bytes]) -> str:
    process.kill()
    _, stderr = process.communicate()
    said = stderr.decode("utf-8", "replace").strip().splitlines()
    return f"bwrap cannot build a sandbox here: {said[-1] if said else 'it said nothing'}."


def _pipe(held: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    source, target = os.pipe()
    return (
        held.enter_context(open(source, "rb", buffering=0)),  # noqa: PTH123
        held.enter_context(open(target, "wb", buffering=0)),  # noqa: PTH123
    )
