"""A jail with an interpreter in it, which has started and waits for its one program."""

import os
import select
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from apps.tools.egress.session import Egress
from apps.tools.egress.way_out import ENVIRONMENT, NoWayIn, open_way_out
from apps.tools.runners.bubblewrap.inside import Inside, NotReady
from apps.tools.runners.bubblewrap.jail import INPUTS, Descriptors, Jail, bwrap_arguments
from apps.tools.runners.bubblewrap.languages import Start, start_of
from apps.tools.runners.bubblewrap.process import (
    as_user,
    filter_file,
    identity_files,
    network_files,
    new_user,
    read_init_pid,
    refusal,
    started,
)
from apps.tools.runners.bubblewrap.resources import bound
from apps.tools.runners.confine.files import Blank, sealed_file
from apps.tools.runners.confine.groups.group import Group, Groups
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.confine.seccomp import Profile
from apps.tools.runners.confine.workspace import unpack
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import SandboxUnavailable

_READY_SECONDS = 10.0
_READY, _GO = b"R", b"G"  # as the gates know them


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is settled when a cell is started, and cannot be changed for its program."""

    bwrap: str
    interpreter: Interpreter
    limits: Limits
    makes_namespaces: bool = False


class Cell:
    """Holds one program, once. `process` has its outputs and ends as it does; leaving the block
    kills what is alive and forgets the jail."""

    def __init__(
        self,
        kind: Kind,
        groups: Groups,
        *,
        inputs: Mapping[str, BinaryIO] | None = None,
        is_warm: bool = False,
    ) -> None:
        """Starts it, and returns when it waits. `inputs` are copied in by their name. It dies with
        the calling thread.

        Raises SandboxUnavailable, with bwrap's own words, when the jail cannot be built, and
        SandboxDied when it was killed before it was.
        """
        self._held = ExitStack()
        self._user = new_user()
        start = start_of(kind.interpreter, kind.limits, is_warm=is_warm)
        try:
            self._group = _made_group(groups, kind.limits)
            self._held.callback(self._group.close)
            self._stdin = self._held.enter_context(Blank())
            self._gate, inner = socket.socketpair()
            self._held.callback(self._gate.close)
            with inner:
                self._start(kind, start, inner, inputs or {})
        except BaseException:
            self._held.close()
            raise
        self._program = f"/proc/{self.inside.init}/root{start.program}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def begin(
        self,
        *,
        program: bytes,
        stdin: bytes = b"",
        workspace: BinaryIO | None = None,
        egress: Egress | None = None,
    ) -> None:
        """Let the program go: its work folder begins with `workspace`, and `egress` is its way out,
        without which it has no network. Call it once.

        Raises NotReady when the cell has died while it waited, and SandboxUnavailable.
        """
        try:
            _fill(self._program, program)
            self._stdin.fill(stdin)
            if workspace is not None:
                unpack(workspace, self.inside.box, owner=self._user)
            if egress is not None:
                self._enter_way_out(egress)
            self.inside.begin()
            self._let_go({} if egress is None else ENVIRONMENT)
        except (FileNotFoundError, BrokenPipeError, ConnectionResetError) as error:
            raise NotReady from error

    def _enter_way_out(self, egress: Egress) -> None:
        try:
            self._held.enter_context(open_way_out(self.inside.init, egress))
        except NoWayIn as error:
            raise SandboxUnavailable(f"The sandbox's network cannot be opened: {error}.") from error

    def _let_go(self, environment: Mapping[str, str]) -> None:
        told = "\0".join(f"{name}={value}" for name, value in environment.items())
        self._gate.sendall(_GO + told.encode())
        self._gate.shutdown(socket.SHUT_WR)

    def is_alive(self) -> bool:
        """Whether it still waits."""
        return not _is_readable(self._gate, 0)

    def _start(
        self, kind: Kind, start: Start, inner: socket.socket, inputs: Mapping[str, BinaryIO]
    ) -> None:
        with ExitStack() as held:
            info_out, info_in = _unbreakable_pipe(held)
            block_out, block_in = _pipe(held)
            data = {
                **{path: held.enter_context(file) for path, file in _system_files().items()},
                **{f"{INPUTS}/{name}": file for name, file in inputs.items()},
                start.gate: held.enter_context(sealed_file(start.gate_source)),
            }
            profile: Profile = "browser" if kind.makes_namespaces else "code"
            descriptors = Descriptors(
                filter=held.enter_context(filter_file(profile)).fileno(),
                info=info_in.fileno(),
                block=block_out.fileno(),
                data={path: file.fileno() for path, file in data.items()},
                writable={start.program: held.enter_context(sealed_file(b"")).fileno()},
                kept=(inner.fileno(),),
            )
            jail = Jail(
                limits=kind.limits,
                environment={**start.environment, "SANDBOX_GATE": str(inner.fileno())},
                readable=kind.interpreter.readable,
                shown=kind.interpreter.shown,
                has_nested_namespaces=kind.makes_namespaces,
            )
            arguments = bwrap_arguments(jail, descriptors=descriptors, command=start.command)
            with self._group.starting():
                self.process = self._held.enter_context(
                    started(kind.bwrap, arguments, descriptors, self._stdin.reader, user=self._user)
                )
            info_in.close()
            inner.close()
            try:
                init = read_init_pid(info_out)
                _add(self._group, init)
                with as_user(self._user):
                    bound(init, kind.limits)
                block_in.write(b"x")
                if not _is_readable(self._gate, _READY_SECONDS) or self._gate.recv(1) != _READY:
                    raise NotReady
                self.inside = self._held.enter_context(Inside(init, self._group))
            except (NotReady, ProcessLookupError) as error:
                raise refusal(self.process) from error


def _system_files() -> dict[str, BinaryIO]:
    return {**identity_files(), **network_files()}


def _made_group(groups: Groups, limits: Limits) -> Group:
    try:
        return groups.make(limits)
    except OSError as error:
        raise SandboxUnavailable(f"No control group can be made: {error}.") from error


def _add(group: Group, init: int) -> None:
    try:
        group.add(init)
    except OSError as error:
        raise SandboxUnavailable(f"A control group refuses a process: {error}.") from error


def _fill(path: str, content: bytes) -> None:
    """Write the existing file, and let nobody write it any more."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
        os.fchmod(descriptor, 0o444)


def _is_readable(gate: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(gate, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _unbreakable_pipe(held: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """A pipe that can be written when nobody reads it any more.

    bwrap whose worker is killed must be able to tell of its child. It would be killed by the broken
    pipe, and would leave the child, which waits for a word of bwrap's, for ever.
    """
    source, target = _pipe(held)
    path = Path(f"/proc/self/fd/{target.fileno()}")
    both_ways = held.enter_context(path.open("r+b", buffering=0))
    target.close()
    return source, both_ways


def _pipe(held: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    source, target = os.pipe()
    return (
        held.enter_context(open(source, "rb", buffering=0)),  # noqa: PTH123
        held.enter_context(open(target, "wb", buffering=0)),  # noqa: PTH123
    )
