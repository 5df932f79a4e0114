"""The data folder of PostgreSQL: whole, or made anew; never thrown away when it holds data."""

import subprocess
import sys
from pathlib import Path

import pytest

from agentplatform.embedded.errors import StackError
from agentplatform.embedded.postgres import (
    MARKER,
    programs_for,
    set_aside_if_incomplete,
    stop_running_server,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("15\n")
    return folder


def test_a_half_made_folder_is_moved_aside(data: Path) -> None:
    set_aside_if_incomplete(data)
    assert not data.exists()
    assert data.with_name("postgres.incomplete-1").exists()


def test_a_second_half_made_folder_does_not_replace_the_first(data: Path) -> None:
    set_aside_if_incomplete(data)
    data.mkdir()
    set_aside_if_incomplete(data)
    assert data.with_name("postgres.incomplete-2").exists()


def test_a_folder_that_was_started_once_is_kept(data: Path) -> None:
    (data / MARKER).touch()
    set_aside_if_incomplete(data)
    assert data.exists()


def test_a_whole_cluster_without_marker_is_kept(data: Path) -> None:
    (data / "global").mkdir()
    (data / "global" / "pg_control").touch()
    set_aside_if_incomplete(data)
    assert data.exists()


def test_a_pid_file_that_names_a_stranger_is_dropped(data: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
        stop_running_server(data)
        assert not (data / "postmaster.pid").exists()
        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_a_spoilt_pid_file_is_left_to_postgresql(data: Path) -> None:
    (data / "postmaster.pid").write_text("")
    stop_running_server(data)
    assert (data / "postmaster.pid").exists()


def test_data_of_a_version_that_is_gone_is_explained(data: Path) -> None:
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StackError, match=r"was made by PostgreSQL 9, which is no longer"):
        programs_for(data)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]
