"""Run one job in a slot of its own, from its files to its outcome."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.confine.groups.find import find_groups
from apps.tools.runners.confine.groups.group import Group
from apps.tools.runners.confine.outcome import take_outcome
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.confine.supervise import Ended, supervise
from apps.tools.runners.confine.workspace import unpack
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.lite import before
from apps.tools.runners.lite.slots import Slot, Slots, put_files, take_slot
from apps.tools.runners.lite.start import Kept, start
from apps.tools.runners.sandbox import Job, Outcome, SandboxUnavailable

_BEFORE = Path(before.__file__).with_name("sitecustomize.py")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where programs run: their slots, and the control group below which they get theirs."""

    slots: Slots
    cgroup: str = ""


def run_job(place: Place, interpreter: Interpreter, job: Job, stop: threading.Event) -> Outcome:
    """Run the job to its end, its limit or `stop`. Raises SandboxUnavailable."""
    limits = job.limits
    if job.language == "node":  # which reserves more than it uses
        limits = replace(limits, process_bytes=None)
    given = sum(os.fstat(file.fileno()).st_size for file in job.inputs.values())
    with _group(place, limits) as group, take_slot(place.slots, limits, given=given) as slot:
        command = _furnish(slot, interpreter, job)
        with start(
            slot,
            command,
            limits,
            stdin=job.stdin,
            readable=interpreter.readable,
            environment=_environment(slot, interpreter),
            group=group,
        ) as kept:
            ended = supervise(kept, limits, stop)
            if kept.inside.has_run_out(limits) and ended.broken is None:
                ended = replace(ended, broken="memory_exceeded")
            return _outcome(job, kept, ended)


@contextmanager
def _group(place: Place, limits: Limits) -> Iterator[Group]:
    try:
        group = find_groups(place.cgroup).make(limits)
    except OSError as error:
        raise SandboxUnavailable(f"No control group can be made: {error}.") from error
    with closing(group):
        yield group


def _furnish(slot: Slot, interpreter: Interpreter, job: Job) -> tuple[str, ...]:
    """Put the job's files in their places. Returns the command."""
    put_files(slot.inputs, job.inputs)
    if job.workspace is not None:
        box = os.open(slot.box, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            unpack(job.workspace, box, owner=slot.user)
        finally:
            os.close(box)
    name = "main.js" if job.language == "node" else "main.py"
    with sealed_file(job.program.encode("utf-8", "replace")) as source:
        put_files(slot.program, {name: source})
    path = str(slot.program / name)
    if job.language == "node":
        heap = max(1, job.limits.memory_bytes * 3 // 4 // MEGABYTE)
        return (interpreter.path, *interpreter.flags, f"--max-old-space-size={heap}", path)
    with _BEFORE.open("rb") as source:
        put_files(slot.program, {_BEFORE.name: source})
    # Without what an earlier call of the session has installed for its user: that would run first.
    return (interpreter.path, *interpreter.flags, "-s", "-u", path)


def _environment(slot: Slot, interpreter: Interpreter) -> dict[str, str]:
    environment = dict(interpreter.environment)
    if interpreter.language == "python":
        folders = (str(slot.program), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    return environment


def _outcome(job: Job, kept: Kept, ended: Ended) -> Outcome:
    report = kept.read_report()
    return take_outcome(
        job,
        ended,
        box=kept.box,
        artifacts=kept.artifacts,
        is_full=kept.inside.is_full,
        cpu_ms=report["cpu_ms"],
        peak_memory_bytes=kept.inside.peak_memory_bytes or report["largest_bytes"],
    )
