"""The Procfile: names, commands, variables."""

from pathlib import Path

import pytest

from agentplatform.embedded.errors import StackError
from agentplatform.embedded.procfile import read_procfile
from agentplatform.queues import POOLS
from agentplatform.settings.environment import ROOT

VARIABLES = {"PORT": "1", "FLOWER_PORT": "2", "DATA_FOLDER": "/with a blank"}


def test_variables_are_put_in_without_splitting_them(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("# comment\n\nbeat: run --schedule $DATA_FOLDER/file 'two words'\n")
    assert read_procfile(path, VARIABLES) == {
        "beat": ("run", "--schedule", "/with a blank/file", "two words")
    }


def test_a_line_without_a_name_is_an_error_that_says_where(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("web: run\nnonsense\n")
    with pytest.raises(StackError, match="line 2"):
        read_procfile(path, VARIABLES)


def test_every_worker_pool_has_a_process() -> None:
    assert {pool.name for pool in POOLS} <= set(read_procfile(ROOT / "Procfile", VARIABLES))
