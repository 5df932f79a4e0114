"""The Sandbox port on this machine: a fresh bubblewrap jail for every program."""

import threading
from typing import BinaryIO

from apps.tools.contracts import ToolStatus
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.files import sealed_file
from apps.tools.runners.bubblewrap.harvest import harvest
from apps.tools.runners.bubblewrap.inside import Inside
from apps.tools.runners.bubblewrap.jail import INPUTS, Jail
from apps.tools.runners.bubblewrap.process import start_jailed
from apps.tools.runners.bubblewrap.supervise import Ended, supervise
from apps.tools.runners.sandbox import Job, Outcome

_PROGRAM = "/program/main.py"
_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/tmp"}  # noqa: S108
_KILLED, _CPU_EXCEEDED, _FILE_EXCEEDED = 128 + 9, 128 + 24, 128 + 25


class BubblewrapSandbox:
    """Empty paths mean: look the program up."""

    name = "bubblewrap"

    def __init__(self, *, bubblewrap_path: str = "", sandbox_python: str = "") -> None:
        self._bubblewrap_path = bubblewrap_path
        self._sandbox_python = sandbox_python

    def run(self, job: Job, *, stop: threading.Event) -> Outcome:
        """See Sandbox.run."""
        equipment = find_equipment(
            bubblewrap_path=self._bubblewrap_path, sandbox_python=self._sandbox_python
        )
        jail = Jail(limits=job.limits, environment=_ENVIRONMENT, readable=equipment.python.readable)
        files: dict[str, BinaryIO] = {f"{INPUTS}/{name}": file for name, file in job.inputs.items()}
        files[_PROGRAM] = sealed_file(job.program.encode("utf-8", "replace"))
        command = (equipment.python.path, "-u", _PROGRAM)
        with start_jailed(equipment.bwrap, jail, command, stdin=job.stdin, data=files) as jailed:
            ended = supervise(jailed, job.limits, stop)
            found = harvest(jailed.inside.artifacts, job.limits)
            return Outcome(
                status=_status(ended, jailed.inside),
                exit_code=ended.exit_code,
                stdout=ended.stdout,
                stderr=ended.stderr,
                files=tuple(found.files),
                skipped_files=found.skipped,
                cpu_ms=jailed.inside.cpu_ms,
                peak_memory_bytes=jailed.inside.peak_memory_bytes,
            )


def _status(ended: Ended, inside: Inside) -> ToolStatus:
    if ended.broken:
        return ended.broken
    if ended.exit_code == 0:
        return "ok"
    last_line = ended.stderr.rstrip().rpartition(b"\n")[2]
    if last_line.startswith(b"MemoryError"):
        return "memory_exceeded"
    if inside.is_full() or ended.exit_code == _FILE_EXCEEDED:
        return "disk_exceeded"
    if ended.exit_code == _CPU_EXCEEDED:
        return "timeout"
    return "killed" if ended.exit_code == _KILLED else "error"
