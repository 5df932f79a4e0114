"""The port behind which untrusted programs run, wherever that is."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, Protocol

from apps.tools.contracts import ToolStatus
from apps.tools.egress.session import Egress
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import ProducedFile, ToolFailure

Language = Literal["python", "node"]


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What a program has beside what its language gives: folders that it may read, at their own
    path; variables, of which PYTHONPATH adds to what is there; and the right to make namespaces,
    in which a browser builds a sandbox of its own."""

    readable: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    makes_namespaces: bool = False


@dataclass(frozen=True, kw_only=True)
class Job:
    """One program: its source, its standard input, the files it may read by name. `call` names the
    call that it is of, the same each time the call is worked on. Without `egress`
    it has no network at all. `workspace` is what its work folder begins with, as an Outcome gave
    it; `keeps_workspace` asks for one."""

    language: Language
    program: str
    stdin: bytes = b""
    inputs: Mapping[str, BinaryIO] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    egress: Egress | None = None
    workspace: BinaryIO | None = None
    keeps_workspace: bool = False
    extras: Extras | None = None
    call: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a program ended and what it left in its artifact folder. `workspace` is its work folder
    as one archive, open at its start, when the job asks for it and the program ended by itself.
    `task_arn` names the one-off task that ran it, if one did. Whoever takes the outcome closes its
    files."""

    status: ToolStatus
    exit_code: int | None
    stdout: bytes
    stderr: bytes
    files: tuple[ProducedFile, ...]
    skipped_files: int
    cpu_ms: int
    peak_memory_bytes: int
    workspace: BinaryIO | None = None
    task_arn: str = ""


class SandboxUnavailable(ToolFailure):
    """This machine cannot hold untrusted code; the sentence says what to install."""

    def __init__(self, detail: str) -> None:
        super().__init__("sandbox_unavailable", detail)


class SandboxDied(SandboxUnavailable):
    """The sandbox ended before the program began, as when the machine has killed it, or was not up
    in time; the next may live."""

    def __init__(self) -> None:
        detail = "The sandbox died before the program began."
        ToolFailure.__init__(self, "sandbox_died", detail, is_retryable=True)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a sandbox can promise on this machine: the names of the guarantees that hold (see
    guarantees.py), the programs that it is made of, for people, and the packages that programs may
    import, or what to do to have some."""

    held: frozenset[str]
    made_of: str
    packages: tuple[str, ...] = ()
    packages_problem: str = ""


class Sandbox(Protocol):
    """A place that holds one untrusted program at a time per call."""

    name: str

    def prove(self) -> Promise:
        """What holds here, tried out once.

        Raises SandboxUnavailable, saying what to install, when nothing can be run at all.
        """
        ...

    def run(self, job: Job, *, stop: threading.Event) -> Outcome:
        """Run the job to its end, its limit or `stop`; afterwards nothing of it is alive.

        Raises SandboxUnavailable instead of running with less than the promised isolation.
        """
        ...
