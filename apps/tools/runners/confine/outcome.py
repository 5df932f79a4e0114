"""What a program that has ended leaves."""

from collections.abc import Callable
from typing import BinaryIO

from apps.tools.runners.confine.harvest import harvest
from apps.tools.runners.confine.status import status_of
from apps.tools.runners.confine.supervise import Ended
from apps.tools.runners.confine.workspace import pack
from apps.tools.runners.sandbox import Job, Outcome

_ENDED_BY_ITSELF = {"ok", "error"}


def take_outcome(
    job: Job,
    ended: Ended,
    *,
    box: int,
    artifacts: int,
    is_full: Callable[[], bool],
    cpu_ms: int,
    peak_memory_bytes: int,
) -> Outcome:
    """The outcome of a job of which nothing is alive. `box` and `artifacts` are its open folders;
    `is_full` says whether a writable one has no room left."""
    status = status_of(ended, is_full=is_full)
    found = harvest(artifacts, job.limits)
    workspace: BinaryIO | None = None
    if job.keeps_workspace and status in _ENDED_BY_ITSELF:
        packed = pack(box, job.limits)
        workspace = packed.content
        found.skipped += packed.skipped
    return Outcome(
        status=status,
        exit_code=ended.exit_code,
        stdout=ended.stdout,
        stderr=ended.stderr,
        files=tuple(found.files),
        skipped_files=found.skipped,
        cpu_ms=cpu_ms,
        peak_memory_bytes=peak_memory_bytes,
        workspace=workspace,
    )
