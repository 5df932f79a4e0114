"""Archives of work folders, made of folders and made by somebody else."""

import errno
import io
import os
import tarfile
from dataclasses import replace

import pytest

from apps.tools.runners.confine.workspace import pack, unpack
from apps.tools.runners.limits import Limits
from apps.tools.runners.work import ToolFailure


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture
def packed(opened):
    """`packed(path, limits)`: the folder's archive, which is closed when the test ends."""
    held = []

    def pack_folder(path, limits=None):
        held.append(pack(opened(path), limits or Limits()))
        return held[-1]

    yield pack_folder
    for one in held:
        one.content.close()


@pytest.fixture
def opened():
    held = []

    def open_folder(path):
        held.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
        return held[-1]

    yield open_folder
    for descriptor in held:
        os.close(descriptor)


def archive(*entries):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:") as made:
        for name, changes in entries:
            entry = tarfile.TarInfo(name)
            for field, value in changes.items():
                setattr(entry, field, value)
            made.addfile(entry, io.BytesIO(b"x" * entry.size))
    content.seek(0)
    return content


def test_a_folder_comes_back_as_it_was(tmp_path, target, opened, packed):
    source = tmp_path / "source"
    (source / "a/b").mkdir(parents=True)
    (source / "a/b/run.sh").write_text("echo")
    (source / "a/b/run.sh").chmod(0o755)
    (source / "ü 1.txt").write_text("text")
    os.utime(source / "ü 1.txt", (1000, 1000))
    unpack(packed(source).content, opened(target))
    assert (target / "a/b/run.sh").read_text() == "echo"
    assert os.access(target / "a/b/run.sh", os.X_OK)
    assert (target / "ü 1.txt").stat().st_mtime == 1000


def test_what_is_too_much_is_counted_and_left(tmp_path, packed):
    for name in "abc":
        (tmp_path / name).write_text("12345")
    small = packed(tmp_path, replace(Limits(), work_bytes=2 * 4096))
    assert (small.entries, small.skipped) == (2, 1)
    few = packed(tmp_path, replace(Limits(), inodes=1))
    assert (few.entries, few.skipped) == (1, 2)


def test_a_file_counts_as_large_as_it_is_put_back(tmp_path, packed):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(8192)
    (tmp_path / "tiny").write_text("1")
    assert packed(tmp_path).total_bytes == 8192 + 4096


def test_more_than_there_is_room_for_is_said(target, opened, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.write", no_room)
    with pytest.raises(ToolFailure, match="begin another"):
        unpack(archive(("x", {"size": 1})), opened(target))


def test_the_folders_of_a_call_are_not_part_of_it(tmp_path, packed):
    for name in ("inputs", "artifacts", "data/inputs"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x").write_text("1")
    with tarfile.open(fileobj=packed(tmp_path).content) as made:
        assert made.getnames() == ["data", "data/inputs", "data/inputs/x"]


@pytest.mark.parametrize(
    "name", ["../out", "/etc/out", "a/../../out", "./out", "inputs/out", "artifacts/out", "a//out"]
)
def test_an_archive_reaches_nothing_outside(target, opened, tmp_path, name):
    unpack(archive((name, {"size": 1})), opened(target))
    assert list(target.iterdir()) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_an_archive_makes_no_links_or_devices(target, opened, kind):
    unpack(archive(("x", {"type": kind, "linkname": "/etc/passwd"})), opened(target))
    assert list(target.iterdir()) == []


def test_a_link_in_the_way_is_not_followed(target, opened, tmp_path):
    (target / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        unpack(archive(("link/out", {"size": 1})), opened(target))
    assert not (tmp_path / "out").exists()
