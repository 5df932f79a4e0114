"""The data folder: one start at a time, secrets kept and private."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentplatform.embedded.data_folder import DataFolder
from agentplatform.embedded.errors import StackError


def test_secrets_are_made_once(tmp_path: Path) -> None:
    assert DataFolder(tmp_path).secrets() == DataFolder(tmp_path).secrets()


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    DataFolder(tmp_path).secrets()
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_second_start_is_told_where_the_first_one_serves(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.only_one() as announce:
        announce("http://127.0.0.1:8123")
        with (
            pytest.raises(StackError, match=rf"http://127.0.0.1:8123 \(process {os.getpid()}\)"),
            DataFolder(tmp_path).only_one(),
        ):
            pass


def test_a_start_after_a_killed_one_gets_the_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agentplatform.embedded.data_folder import *\n"
        "with DataFolder(Path(sys.argv[1])).only_one(): print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()
    with DataFolder(tmp_path).only_one():
        pass


def test_a_folder_that_cannot_be_made_is_explained_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="cannot be written by this user") as caught:
        DataFolder(tmp_path / "file" / "data")
    assert "\n" not in str(caught.value)
