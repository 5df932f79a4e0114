"""What crosses the border between a worker and a one-off task."""

import json
import tarfile
from contextlib import ExitStack
from io import BytesIO

import pytest

from apps.tools.runners.fargate.bundle import (
    BrokenBundle,
    Order,
    Refusal,
    read_order,
    read_outcome,
    write_order,
    write_outcome,
)
from apps.tools.runners.fargate.size import task_size
from apps.tools.runners.limits import MEGABYTE, Limits
from apps.tools.runners.sandbox import Job, Outcome
from apps.tools.runners.work import ProducedFile


def make_outcome(**changes):
    wanted = {
        "status": "ok",
        "exit_code": 0,
        "stdout": b"out",
        "stderr": b"err",
        "files": (ProducedFile.of("a/b.txt", b"kept"),),
        "skipped_files": 1,
        "cpu_ms": 12,
        "peak_memory_bytes": 34,
    }
    return Outcome(**{**wanted, **changes})


def carry(outcome, **limits):
    bundle = BytesIO()
    write_outcome(outcome, bundle)
    bundle.seek(0)
    return read_outcome(bundle, Limits(**limits), task_arn="arn")


def test_an_order_arrives_as_it_was_given():
    job = Job(
        language="node",
        program="1 + 'ü'",
        stdin=b"\xff",
        inputs={"../a": BytesIO(b"1"), "b": BytesIO(b"2")},
        limits=Limits(wall_seconds=7.5),
        workspace=BytesIO(b"tar"),
        keeps_workspace=True,
    )
    bundle = BytesIO()
    write_order(Order(job=job, required="no_network", deadline_seconds=9.0), bundle)
    bundle.seek(0)
    with read_order(bundle) as order:
        got = order.job
        assert (order.required, order.deadline_seconds) == ("no_network", 9.0)
        assert (got.language, got.program, got.stdin) == ("node", "1 + 'ü'", b"\xff")
        assert {name: file.read() for name, file in got.inputs.items()} == {"../a": b"1", "b": b"2"}
        assert (got.limits.wall_seconds, got.workspace.read()) == (7.5, b"tar")
        assert got.keeps_workspace


def test_an_outcome_arrives_as_it_was_left():
    got = carry(make_outcome(workspace=BytesIO(b"tar")))
    with ExitStack() as held:
        (file,) = got.files
        held.enter_context(file.content)
        held.enter_context(got.workspace)
        assert (got.status, got.exit_code, got.stdout, got.stderr) == ("ok", 0, b"out", b"err")
        assert (file.name, file.content.read(), file.size_bytes) == ("a/b.txt", b"kept", 4)
        assert (got.skipped_files, got.cpu_ms, got.peak_memory_bytes) == (1, 12, 34)
        assert (got.workspace.read(), got.task_arn) == (b"tar", "arn")


def test_a_refusal_arrives():
    assert carry(Refusal(detail="no sandbox")) == Refusal(detail="no sandbox")


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/./b", "a\nb", "x" * 300])
def test_a_name_that_leads_elsewhere_is_not_taken(name):
    with pytest.raises(BrokenBundle, match="with the name"):
        carry(make_outcome(files=(ProducedFile.of(name, b""),)))


@pytest.mark.parametrize("name", ["artifacts", "artifact_bytes", "artifacts_bytes"])
def test_more_files_than_there_may_be_are_not_taken(name):
    with pytest.raises(BrokenBundle, match="more files"):
        carry(make_outcome(), **{name: 0})


def test_a_status_that_there_is_not_is_not_taken():
    with pytest.raises(BrokenBundle, match="no status 'great'"):
        carry(make_outcome(status="great"))


def test_output_is_cut_at_its_limit():
    got = carry(make_outcome(stdout=b"x" * 100, files=()), output_bytes=10)
    assert got.stdout == b"x" * 10


def archive(**members):
    bundle = BytesIO()
    with tarfile.open(fileobj=bundle, mode="w:") as target:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, BytesIO(content))
    bundle.seek(0)
    return bundle


@pytest.mark.parametrize(
    "bundle",
    [
        BytesIO(b""),
        BytesIO(b"x" * 2000),
        archive(),
        archive(**{"head.json": b"[]"}),
        archive(**{"head.json": b"{}"}),
        archive(**{"head.json": json.dumps({"parts": ["stdout"]}).encode()}),
    ],
)
def test_what_no_task_writes_is_refused(bundle):
    with pytest.raises(BrokenBundle, match="not whole"):
        read_outcome(bundle, Limits(), task_arn="arn")


@pytest.mark.parametrize(
    ("cpus", "megabytes", "expected"),
    [
        (0.25, 256, (256, 1024)),
        (1.0, 2048, (1024, 3072)),
        (1.0, 9000, (2048, 10240)),
        (4.0, 1024, (4096, 8192)),
        (32.0, 10, (16384, 122880)),
    ],
)
def test_a_task_is_as_large_as_its_program_needs(cpus, megabytes, expected):
    assert task_size(Limits(cpus=cpus, memory_bytes=megabytes * MEGABYTE)) == expected
