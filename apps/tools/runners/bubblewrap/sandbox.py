"""The Sandbox port on this machine: a fresh bubblewrap jail for every program."""

import threading
from typing import BinaryIO

from apps.tools.egress.way_out import ENVIRONMENT
from apps.tools.runners.bubblewrap.equipment import find_equipment
from apps.tools.runners.bubblewrap.jail import INPUTS, Jail
from apps.tools.runners.bubblewrap.process import start_jailed
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.confine.harvest import harvest
from apps.tools.runners.confine.status import status_of
from apps.tools.runners.confine.supervise import supervise
from apps.tools.runners.sandbox import Job, Outcome

_PROGRAM = "/program/main.py"
_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": "/tmp"}  # noqa: S108


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
        jail = Jail(
            limits=job.limits,
            environment={**_ENVIRONMENT, **(ENVIRONMENT if job.egress else {})},
            readable=equipment.python.readable,
        )
        files: dict[str, BinaryIO] = {f"{INPUTS}/{name}": file for name, file in job.inputs.items()}
        files[_PROGRAM] = sealed_file(job.program.encode("utf-8", "replace"))
        command = (equipment.python.path, "-u", _PROGRAM)
        with start_jailed(
            equipment.bwrap, jail, command, stdin=job.stdin, data=files, egress=job.egress
        ) as jailed:
            ended = supervise(jailed, job.limits, stop)
            found = harvest(jailed.inside.artifacts, job.limits)
            return Outcome(
                status=status_of(ended, is_full=jailed.inside.is_full),
                exit_code=ended.exit_code,
                stdout=ended.stdout,
                stderr=ended.stderr,
                files=tuple(found.files),
                skipped_files=found.skipped,
                cpu_ms=jailed.inside.cpu_ms,
                peak_memory_bytes=jailed.inside.peak_memory_bytes,
            )
