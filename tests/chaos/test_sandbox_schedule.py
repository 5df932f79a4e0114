"""Whatever is killed whenever, nothing of a sandbox is left, and no worker hangs."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agentplatform.settings.environment import ROOT
from tests.integration.tools.sandboxes import as_ordinary, ordinary_python

ROUNDS, SEED = 40, 12
USERS = ["this user", "an ordinary user"] if ordinary_python() else ["this user"]


@pytest.mark.thorough
@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("backend", ["bubblewrap", "lite"])
def test_nothing_is_left_of_a_sandbox_whatever_is_killed(backend: str, user: str) -> None:
    options = (
        as_ordinary() if user == "an ordinary user" else {"cwd": ROOT, "env": dict(os.environ)}
    )
    python = ordinary_python() if user == "an ordinary user" else sys.executable
    command = [python, "-m", "tests.chaos.sandbox_schedule", backend, str(ROUNDS), str(SEED)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        options["env"] |= {
            "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
            "SANDBOX_BACKEND": backend,
            "SANDBOX_POOL_SIZE": "2",
            "SANDBOX_LITE_FOLDER": f"{folder}/lite",
            "SANDBOX_LITE_USERS": "64320-64329",
            "SANDBOX_REQUIRED_GUARANTEES": "" if backend == "bubblewrap" else "no_network",
        }
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []
