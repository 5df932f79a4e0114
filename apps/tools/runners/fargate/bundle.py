"""A job, and its outcome, as one file each: what crosses the border between a worker and a task.

A bundle is a plain tar. Its first member says what the others are; members have numbers for names,
so that nothing outside chooses a path.
"""

import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast, get_args

from apps.tools.contracts import ToolStatus
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.sandbox import Job, Outcome
from apps.tools.runners.work import ProducedFile

_HEAD = "head.json"
_SMALL_BYTES = 4 * MEGABYTE
_LONGEST_NAME = 255


class BrokenBundle(Exception):
    """The bundle is not whole, or holds more than it may."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job, the guarantees that must hold for it, and how long a task may live for it."""

    job: Job
    required: str
    deadline_seconds: float


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a task did not run its job, in a sentence."""

    detail: str


def write_order(order: Order, target: BinaryIO) -> None:
    """Pack the order, its open files read to their end."""
    job = order.job
    parts: dict[str, BinaryIO] = {
        "program": BytesIO(job.program.encode("utf-8", "replace")),
        "stdin": BytesIO(job.stdin),
    }
    if job.workspace is not None:
        parts["workspace"] = job.workspace
    parts |= {f"input {number}": file for number, file in enumerate(job.inputs.values())}
    head = {
        "language": job.language,
        "limits": asdict(job.limits),
        "inputs": list(job.inputs),
        "keeps_workspace": job.keeps_workspace,
        "required": order.required,
        "deadline_seconds": order.deadline_seconds,
    }
    _write(head, parts, target)


@contextmanager
def read_order(source: BinaryIO) -> Iterator[Order]:
    """The order, its files open for as long as the block."""
    with ExitStack() as held:
        head, parts = held.enter_context(_read(source))
        inputs = {
            name: held.enter_context(_own(parts[f"input {number}"]))
            for number, name in enumerate(head["inputs"])
        }
        yield Order(
            job=Job(
                language=head["language"],
                program=parts["program"].read().decode(),
                stdin=parts["stdin"].read(),
                inputs=inputs,
                limits=Limits(**head["limits"]),
                workspace=parts.get("workspace"),
                keeps_workspace=head["keeps_workspace"],
            ),
            required=head["required"],
            deadline_seconds=head["deadline_seconds"],
        )


def write_outcome(outcome: Outcome | Refusal, target: BinaryIO) -> None:
    """Pack what came of a job, its files read to their end."""
    if isinstance(outcome, Refusal):
        _write({"refusal": outcome.detail}, {}, target)
        return
    parts: dict[str, BinaryIO] = {
        "stdout": BytesIO(outcome.stdout),
        "stderr": BytesIO(outcome.stderr),
    }
    if outcome.workspace is not None:
        parts["workspace"] = outcome.workspace
    parts |= {f"file {number}": file.content for number, file in enumerate(outcome.files)}
    head = {
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "files": [file.name for file in outcome.files],
        "skipped_files": outcome.skipped_files,
        "cpu_ms": outcome.cpu_ms,
        "peak_memory_bytes": outcome.peak_memory_bytes,
    }
    _write(head, parts, target)


def read_outcome(source: BinaryIO, limits: Limits, *, task_arn: str) -> Outcome | Refusal:
    """What came of a job, within its limits. Whoever takes it closes its files.

    The task has run what is not trusted. Raises BrokenBundle for what no task of ours writes.
    """
    try:
        return _read_outcome(source, limits, task_arn)
    except (KeyError, TypeError, ValueError, tarfile.TarError) as error:
        raise BrokenBundle(f"The outcome of the task is not whole: {error}.") from error


def _read_outcome(source: BinaryIO, limits: Limits, task_arn: str) -> Outcome | Refusal:
    with _read(source) as (head, parts):
        if "refusal" in head:
            return Refusal(detail=str(head["refusal"])[:2000])
        if head["status"] not in get_args(ToolStatus):
            raise ValueError(f"there is no status {str(head['status'])[:50]!r}")
        names = [str(name) for name in head["files"]]
        files = {name: parts[f"file {number}"] for number, name in enumerate(names)}
        _check(files, limits)
        workspace = parts.get("workspace")
        return Outcome(
            status=head["status"],
            exit_code=head["exit_code"],
            stdout=parts["stdout"].read(limits.output_bytes),
            stderr=parts["stderr"].read(limits.output_bytes),
            files=tuple(
                ProducedFile(name=name, content=_own(file), size_bytes=_size(file))
                for name, file in files.items()
            ),
            skipped_files=int(head["skipped_files"]),
            cpu_ms=int(head["cpu_ms"]),
            peak_memory_bytes=int(head["peak_memory_bytes"]),
            workspace=None if workspace is None else _own(workspace),
            task_arn=task_arn,
        )


def _check(files: Mapping[str, BinaryIO], limits: Limits) -> None:
    sizes = [_size(file) for file in files.values()]
    is_over = len(files) > limits.artifacts or sum(sizes) > limits.artifacts_bytes
    if is_over or any(size > limits.artifact_bytes for size in sizes):
        raise BrokenBundle("The task left more files than it may.")
    for name in files:
        parts = name.split("/")
        if not name.isprintable() or len(name) > _LONGEST_NAME or {"", ".", ".."} & set(parts):
            raise BrokenBundle(f"The task left a file with the name {name[:100]!r}.")


def _write(head: Mapping[str, Any], parts: Mapping[str, BinaryIO], target: BinaryIO) -> None:
    with tarfile.open(fileobj=target, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        told = json.dumps({**head, "parts": list(parts)}).encode()
        _add(archive, _HEAD, BytesIO(told))
        for number, file in enumerate(parts.values()):
            _add(archive, str(number), file)


def _add(archive: tarfile.TarFile, name: str, content: BinaryIO) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = _size(content) - content.tell()
    archive.addfile(entry, content)


@contextmanager
def _read(source: BinaryIO) -> Iterator[tuple[dict[str, Any], dict[str, BinaryIO]]]:
    """The head, and the other members by what it says they are, each open at its start."""
    with tarfile.open(fileobj=source, mode="r:") as archive:
        head = json.loads(_member(archive, _HEAD).read())
        names = [str(name) for name in head.pop("parts")]
        yield head, {name: _member(archive, str(at)) for at, name in enumerate(names)}


def _member(archive: tarfile.TarFile, name: str) -> BinaryIO:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return cast(BinaryIO, file)


def _own(file: BinaryIO) -> BinaryIO:
    """A copy that outlives the bundle."""
    copy = tempfile.SpooledTemporaryFile(max_size=_SMALL_BYTES)  # noqa: SIM115
    while chunk := file.read(MEGABYTE):
        copy.write(chunk)
    copy.seek(0)
    return cast(BinaryIO, copy)


def _size(file: BinaryIO) -> int:
    at = file.tell()
    size = file.seek(0, 2)
    file.seek(at)
    return size
