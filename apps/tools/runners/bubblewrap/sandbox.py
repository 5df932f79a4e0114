"""The Sandbox port on this machine: a fresh bubblewrap jail for every program."""

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.bubblewrap.equipment import find_equipment, find_node
from apps.tools.runners.bubblewrap.inside import NotReady
from apps.tools.runners.bubblewrap.pool import warm_pool
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.confine.outcome import take_outcome
from apps.tools.runners.confine.packages import NO_PACKAGES, find_packages, with_packages
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.confine.supervise import Ended, supervise
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import (
    Extras,
    Job,
    Language,
    Outcome,
    Promise,
    SandboxDied,
)

_LONGEST_SECONDS = 600.0
_NO_EXTRAS = Extras()


class BubblewrapSandbox:
    """Empty paths mean: look the program up. `pool_size` is how many interpreters of each language
    wait, started, for a program; `cgroup` the control group below which calls get theirs;
    `packages` where what programs may import lies."""

    name = "bubblewrap"

    def __init__(
        self,
        *,
        bubblewrap_path: str = "",
        sandbox_python: str = "",
        sandbox_node: str = "",
        cgroup: str = "",
        packages: Path = NO_PACKAGES,
        pool_size: int = 0,
    ) -> None:
        self._bubblewrap_path = bubblewrap_path
        self._sandbox_python = sandbox_python
        self._sandbox_node = sandbox_node
        self._cgroup = cgroup
        self._packages = packages
        self._pool_size = pool_size

    def prove(self) -> Promise:
        """See Sandbox.prove."""
        equipment = find_equipment(
            bubblewrap_path=self._bubblewrap_path,
            sandbox_python=self._sandbox_python,
            cgroup=self._cgroup,
        )
        packages = find_packages(self._packages, equipment.proof)
        python = f"{equipment.python.path} {equipment.proof.python_version}"
        return Promise(
            held=equipment.proof.held,
            made_of=f"{equipment.bwrap}, {python}, {equipment.groups.name}",
            packages=packages.names,
            packages_problem=packages.problem,
        )

    def run(self, job: Job, *, stop: threading.Event) -> Outcome:
        """See Sandbox.run."""
        with self._begun(job) as cell:
            ended = supervise(cell, job.limits, stop)
            if cell.inside.has_run_out(job.limits) and ended.broken is None:
                ended = replace(ended, broken="memory_exceeded")
            return _outcome(job, cell, ended)

    def _begun(self, job: Job) -> Cell:
        """A cell that runs the job: a waiting one where the job fits it."""
        kind, groups = self._kind(job.language, job.limits, job.extras or _NO_EXTRAS)
        if self._pool_size and not job.inputs and job.extras is None:
            warm = warm_pool(self._pool_size).take(kind, partial(Cell, kind, groups, is_warm=True))
            if warm is not None:
                try:
                    return _begin(warm, job)
                except NotReady as error:  # it died as it was taken; nothing of the job has run
                    if job.workspace is not None:  # which has been read
                        raise SandboxDied from error
        try:
            return _begin(Cell(kind, groups, inputs=job.inputs), job)
        except NotReady as error:
            raise SandboxDied from error

    def _kind(
        self, language: Language, limits: Limits, extras: Extras = _NO_EXTRAS
    ) -> tuple[Kind, Groups]:
        places = {
            "bubblewrap_path": self._bubblewrap_path,
            "sandbox_python": self._sandbox_python,
            "cgroup": self._cgroup,
        }
        equipment = find_equipment(**places)
        packages = find_packages(self._packages, equipment.proof)
        interpreter = with_packages(equipment.python, packages, has_own_mounts=True)
        if language == "node":
            interpreter = find_node(sandbox_node=self._sandbox_node, **places)
        kind = Kind(
            bwrap=equipment.bwrap,
            interpreter=_with_extras(interpreter, extras),
            limits=_settled(limits, language),
            makes_namespaces=extras.makes_namespaces,
        )
        return kind, equipment.groups


def _with_extras(interpreter: Interpreter, extras: Extras) -> Interpreter:
    environment = dict(interpreter.environment)
    for name, value in extras.environment:
        is_path = name == "PYTHONPATH" and name in environment
        environment[name] = f"{environment[name]}:{value}" if is_path else value
    return replace(
        interpreter,
        readable=(*interpreter.readable, *extras.readable),
        environment=tuple(environment.items()),
    )


def _settled(limits: Limits, language: Language) -> Limits:
    """What of the limits is settled at the start of a jail; the rest is watched from outside. Node
    reserves more data than it uses, and is held by the sum alone."""
    unsettled = {"artifacts": 0, "artifact_bytes": 0, "artifacts_bytes": 0, "output_bytes": 0}
    process_bytes = None if language == "node" else limits.process_bytes
    return replace(limits, wall_seconds=_LONGEST_SECONDS, process_bytes=process_bytes, **unsettled)


def _begin(cell: Cell, job: Job) -> Cell:
    """The cell, running the job; closed when it cannot."""
    try:
        cell.begin(
            program=job.program.encode("utf-8", "replace"),
            stdin=job.stdin,
            workspace=job.workspace,
            egress=job.egress,
        )
    except BaseException:
        with cell:
            raise
    return cell


def _outcome(job: Job, cell: Cell, ended: Ended) -> Outcome:
    inside = cell.inside
    return take_outcome(
        job,
        ended,
        box=inside.box,
        artifacts=inside.artifacts,
        is_full=inside.is_full,
        cpu_ms=inside.cpu_ms,
        peak_memory_bytes=inside.peak_memory_bytes,
    )
