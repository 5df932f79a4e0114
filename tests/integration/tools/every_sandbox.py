"""`sandbox`: each sandbox in turn, whoever the worker is. A module imports it."""

import os
import tempfile
from pathlib import Path

import pytest

from tests.integration.tools.sandboxes import (
    ORDINARY_USER,
    Here,
    InContainer,
    OfOrdinaryUser,
    ordinary_python,
)

WORKERS = {("bubblewrap", "this user"): Here, ("lite", "this user"): Here}
if ordinary_python():
    WORKERS |= {(name, "an ordinary user"): OfOrdinaryUser for name in ("bubblewrap", "lite")}
    WORKERS |= {("lite", "root in a container"): InContainer}
CASES = [
    pytest.param(case, id=" of ".join(case), marks=[pytest.mark.thorough] * (worker is not Here))
    for case, worker in WORKERS.items()
]


@pytest.fixture(scope="module", params=CASES)
def sandbox(request):
    name, worker = request.param
    with tempfile.TemporaryDirectory() as folder:
        if worker == "an ordinary user":
            os.chown(folder, ORDINARY_USER, ORDINARY_USER)
        Path(folder).chmod(0o711)
        made = WORKERS[request.param](name, Path(folder) / "lite")
        yield made
        made.close()
