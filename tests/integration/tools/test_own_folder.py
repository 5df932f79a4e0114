"""The folder of a process goes with it, if not at once then with the next process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.tools.runners.confine.own_folder import own_folder, passing_folder, sweep

USER_OF_A_FOLDER = """
import sys
from apps.tools.runners.confine.own_folder import own_folder
folder = own_folder(sys.argv[1])
(folder / "deep").mkdir()
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def neighbour(tmp_path):
    """Another process with a folder, and the folder."""
    command = [sys.executable, "-c", USER_OF_A_FOLDER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        yield process, Path(process.stdout.readline().decode().strip())
        process.kill()


def test_it_is_the_same_each_time_and_stays_beside_others(neighbour, tmp_path):
    _, its_folder = neighbour
    mine = own_folder(str(tmp_path))
    assert mine == own_folder(str(tmp_path))
    assert {mine, its_folder} == set(tmp_path.iterdir())


def test_it_goes_with_its_process(neighbour):
    process, its_folder = neighbour
    process.communicate()
    assert not its_folder.exists()


def test_what_a_killed_process_has_left_is_removed(neighbour, tmp_path):
    process, its_folder = neighbour
    process.kill()
    process.wait()
    mine = own_folder(str(tmp_path))
    assert its_folder.exists()
    sweep(str(tmp_path))
    assert list(tmp_path.iterdir()) == [mine]


def test_a_passing_folder_goes_with_its_block():
    with passing_folder() as folder:
        (folder / "deep").mkdir()
        sweep(str(folder.parent))
        assert folder.exists()
    assert not folder.exists()
