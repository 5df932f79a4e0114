"""What programs import beside the standard library."""

from pathlib import Path

import pytest

from agentplatform.embedded import sandbox_packages
from agentplatform.settings.root import ROOT
from apps.tools.runners.confine.packages import find_packages, with_packages
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.guarantees import Proof

PROOF = Proof(version=(3, 11, 2), held=frozenset())
CHART = """
import io, json
import matplotlib.pyplot, numpy, pandas
table = pandas.read_csv(io.StringIO("a,b\\n1,2\\n3,4\\n"))
matplotlib.pyplot.plot(table.a, numpy.square(table.b))
matplotlib.pyplot.savefig("artifacts/chart.png")
print(json.dumps(int(table.b.sum())))
"""


@pytest.fixture(params=["bubblewrap", "lite"])
def backend(request, settings):
    """A sandbox with the packages of the lock file, which the set-up has got or gets now."""
    place = sandbox_packages.install(ROOT / ".data").parent
    changes = {"sandbox_backend": request.param, "sandbox_packages": place}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    return request.param


def test_a_program_computes_and_draws_a_chart(backend, code):
    ran = code(CHART, timeout_seconds=60)
    assert (ran.stderr, ran.value, ran.backend) == ("", 6, backend)
    (chart,) = ran.files
    assert chart.content.read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_program_cannot_change_the_packages(backend, code):
    ran = code("import numpy; open(numpy.__file__, 'a')")
    assert ran.status == "error"
    assert "PermissionError" in ran.stderr or "Read-only" in ran.stderr


def test_without_packages_programs_run_with_the_standard_library(settings, tmp_path, code):
    changes = {"sandbox_packages": tmp_path / "none"}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=changes)
    assert code("import json; print(1)").value == 1


def test_a_missing_folder_is_said_with_what_to_do(tmp_path):
    packages = find_packages(tmp_path, PROOF)
    assert str(tmp_path / "python3.11") in packages.problem
    assert "make setup" in packages.problem
    python = Interpreter(language="python", path="/usr/bin/python3")
    assert with_packages(python, packages, has_own_mounts=True) == python


def test_a_folder_that_only_root_can_enter_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / "python3.11").mkdir()
    (tmp_path / "python3.11").chmod(0o700)
    assert "cannot be read by other users" in find_packages(tmp_path, PROOF).problem


def test_packages_are_named_with_their_versions(tmp_path):
    for name in ("numpy-2.4.6.dist-info", "python_dateutil-4.0.0.dist-info", "numpy"):
        (tmp_path / "python3.11" / name).mkdir(parents=True)
    assert find_packages(tmp_path, PROOF).names == ("numpy-2.4.6", "python_dateutil-4.0.0")


def test_packages_are_current_until_the_lock_file_changes(tmp_path, monkeypatch):
    python = sandbox_packages.find_python()
    folder = tmp_path / sandbox_packages.python_name(python)
    folder.mkdir()
    assert not sandbox_packages.is_current(tmp_path, python)
    (folder / sandbox_packages.STAMP).write_text(sandbox_packages.digest())
    assert sandbox_packages.is_current(tmp_path, python)
    monkeypatch.setattr(sandbox_packages, "digest", lambda: "another")
    assert not sandbox_packages.is_current(tmp_path, python)


def test_where_nobody_can_enter_roots_home_packages_lie_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(sandbox_packages, "SHARED", tmp_path / "shared")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    place = sandbox_packages.make_place(home / "sandbox-packages")
    assert Path(place).resolve() == tmp_path / "shared"
