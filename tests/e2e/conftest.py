"""A data folder whose ports are its own, so that two stacks may start at the same time."""

import json
from pathlib import Path

import pytest

from agentplatform.embedded.ports import any_free
from agentplatform.embedded.stack import USUAL_PORTS


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    ports: dict[str, int] = {}
    for name in USUAL_PORTS:
        ports[name] = any_free(except_for=frozenset(ports.values()))
    (folder / "ports.json").write_text(json.dumps(ports))
    return folder
