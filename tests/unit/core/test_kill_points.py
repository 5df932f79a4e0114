"""A point kills the process that reaches it as often as it was armed to, and nobody else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentplatform.core import kill_points

PASS = "from agentplatform.core.kill_points import reach; reach('here', 'a.task'); print('alive')"


def passes(folder: Path | None) -> bool:
    """Whether a process that reaches the point lives on."""
    environment = dict(os.environ)
    environment.pop(kill_points.SETTING, None)
    if folder is not None:
        environment[kill_points.SETTING] = str(folder)
    done = subprocess.run([sys.executable, "-c", PASS], env=environment, capture_output=True)
    assert done.returncode in (0, -9), done.stderr
    return done.stdout == b"alive\n"


def test_nobody_dies_where_nothing_is_armed(tmp_path: Path) -> None:
    assert passes(None)
    assert passes(tmp_path)


@pytest.mark.parametrize("name", ["here", "here@a.task"])
def test_the_armed_passing_dies_and_the_next_one_lives(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("1 2 KILL")
    assert [passes(tmp_path) for _ in range(4)] == [True, False, False, True]
    deaths = (tmp_path / kill_points.DEATHS).read_text().splitlines()
    assert [line.split()[0] for line in deaths] == [name, name]


def test_another_task_lives(tmp_path: Path) -> None:
    (tmp_path / "here@another.task").write_text("0 1 KILL")
    assert passes(tmp_path)
