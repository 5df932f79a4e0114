"""The stamp: a second start installs nothing, a changed lock file does."""

from pathlib import Path

import pytest

from agentplatform.embedded import locks

NAMES = ("base.txt", "embedded.txt")


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    folder = tmp_path / "requirements"
    folder.mkdir()
    for name in (*NAMES, "dev.txt"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def virtualenv(tmp_path: Path) -> Path:
    folder = tmp_path / ".venv"
    folder.mkdir()
    return folder


def test_an_unstamped_virtualenv_is_not_current(requirements: Path, virtualenv: Path) -> None:
    assert not locks.is_current(virtualenv, locks.digest_locks(requirements, NAMES))


def test_a_stamped_virtualenv_is_current(requirements: Path, virtualenv: Path) -> None:
    locks.write_stamp(virtualenv, locks.digest_locks(requirements, NAMES))
    assert locks.is_current(virtualenv, locks.digest_locks(requirements, NAMES))


def test_more_packages_than_asked_for_are_current(requirements: Path, virtualenv: Path) -> None:
    locks.write_stamp(virtualenv, locks.digest_locks(requirements, (*NAMES, "dev.txt")))
    assert locks.is_current(virtualenv, locks.digest_locks(requirements, NAMES))


def test_fewer_packages_than_asked_for_are_not(requirements: Path, virtualenv: Path) -> None:
    locks.write_stamp(virtualenv, locks.digest_locks(requirements, NAMES))
    wanted = locks.digest_locks(requirements, (*NAMES, "dev.txt"))
    assert not locks.is_current(virtualenv, wanted)


def test_a_changed_lock_file_is_noticed(requirements: Path, virtualenv: Path) -> None:
    locks.write_stamp(virtualenv, locks.digest_locks(requirements, NAMES))
    (requirements / "base.txt").write_text("another version")
    assert not locks.is_current(virtualenv, locks.digest_locks(requirements, NAMES))


def test_a_killed_installation_leaves_no_stamp(requirements: Path, virtualenv: Path) -> None:
    locks.write_stamp(virtualenv, locks.digest_locks(requirements, NAMES))
    locks.forget_stamp(virtualenv)
    assert locks.read_stamp(virtualenv) == {}


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_spoilt_stamp_counts_as_none(virtualenv: Path, content: str) -> None:
    (virtualenv / locks.STAMP).write_text(content)
    assert locks.read_stamp(virtualenv) == {}
