"""Makes .venv from the lock files, with nothing but Python's standard library."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from agentplatform.embedded import locks, packages
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.package_index import uv_environment

INSTALL = ("pip", "install", "--require-hashes", "--no-deps", "--compile-bytecode")
PIP_WHEELS = ("/usr/share/python-wheels", "/usr/lib/python3/dist-packages")


def ensure_virtualenv(*, root: Path, names: tuple[str, ...], scratch: Path, log: Path) -> bool:
    """Bring root/.venv to the named lock files. Returns whether anything had to be installed.

    What a virtualenv holds beyond them (the tests' packages, say) stays, brought up to date.
    """
    virtualenv, requirements = root / ".venv", root / "requirements"
    python = virtualenv / "bin" / "python"
    if is_alive(python) and locks.is_current(virtualenv, locks.digest_locks(requirements, names)):
        return False
    held = tuple(name for name in locks.read_stamp(virtualenv) if name not in names)
    wanted = (*names, *(name for name in held if (requirements / name).exists()))
    if not is_alive(python):
        create(virtualenv, scratch=scratch, log=log)
    locks.forget_stamp(virtualenv)
    install(python, [requirements / name for name in wanted], requirements / locks.TOOLS, log)
    link_project(python, root)
    locks.write_stamp(virtualenv, locks.digest_locks(requirements, wanted))
    return True


def is_alive(python: Path) -> bool:
    """Whether a virtualenv's Python starts, is this version, and has pip."""
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


def create(virtualenv: Path, *, scratch: Path, log: Path) -> None:
    """An empty virtualenv with pip, by the first way that this Python offers."""
    if os.geteuid() == 0 and importlib.util.find_spec("ensurepip") is None:
        packages.install(["venv"], log)
    for command, environment in ways_to_create(virtualenv, scratch, log):
        shutil.rmtree(virtualenv, ignore_errors=True)
        try:
            subprocess.run(
                command, check=True, capture_output=True, text=True, env=os.environ | environment
            )
        except (OSError, subprocess.CalledProcessError) as error:
            log.write_text(str(getattr(error, "stderr", "") or error))
            continue
        if is_alive(virtualenv / "bin" / "python"):
            return
    raise StackError(
        f"{sys.executable} cannot make a virtualenv with pip: install python3-venv"
        " (Debian and Ubuntu: apt-get install python3-venv) or virtualenv, and start again."
    )


def ways_to_create(
    virtualenv: Path, scratch: Path, log: Path
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Commands that each make the whole virtualenv, the usual one first."""
    python = sys.executable
    if importlib.util.find_spec("ensurepip") is not None:
        yield [python, "-m", "venv", str(virtualenv)], {}
    if shutil.which("virtualenv"):
        yield ["virtualenv", "-q", "-p", python, str(virtualenv)], {}
    if shutil.which("uv"):
        yield ["uv", "venv", "-q", "--seed", "-p", python, str(virtualenv)], {}
    bare = "import venv, subprocess, sys; venv.create(sys.argv[1], symlinks=True);"
    install_pip = (
        "subprocess.run([sys.executable, '-m', 'pip', '--python', sys.argv[1] + '/bin/python',"
        " 'install', '-q', 'pip'], check=True)"
    )
    for wheel in pip_wheels(scratch, log):
        yield [python, "-c", bare + install_pip, str(virtualenv)], {"PYTHONPATH": str(wheel)}


def pip_wheels(scratch: Path, log: Path) -> Iterator[Path]:
    """Copies of pip that Python can import: the distribution's, installed or only downloaded."""
    for folder in PIP_WHEELS:
        if (Path(folder) / "pip").is_dir():
            yield Path(folder)
        yield from sorted(Path(folder).glob("pip-*.whl"))
    unpacked = packages.unpack(["python3-pip-whl"], into=scratch / "pip", log=log)
    yield from sorted(unpacked.glob("usr/share/python-wheels/pip-*.whl"))


def install(python: Path, lock_files: list[Path], tools: Path, log: Path) -> None:
    """Install what the lock files list, hashes checked: with uv, or with pip where uv cannot.

    What a developer has installed besides stays.
    """
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    hashed = [*pip, "--require-hashes", "--no-deps"]
    with log.open("w") as output:
        if run([*hashed, "-r", str(tools)], output) and run(
            [str(python.parent / "uv"), *INSTALL, "--python", str(python), *as_options(lock_files)],
            output,
            uv_environment(python),
        ):
            return
        if run([*hashed, *as_options(lock_files)], output):
            return
    raise StackError(
        f"The packages in requirements/ could not be installed: {last_line(log)} (all of it: {log})"
    )


def as_options(lock_files: list[Path]) -> list[str]:
    return [word for path in lock_files for word in ("-r", str(path))]


def run(command: list[str], output: IO[str], environment: dict[str, str] | None = None) -> bool:
    ended = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    return ended.returncode == 0


def last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"


def link_project(python: Path, root: Path) -> None:
    """Make the project importable in its virtualenv from any folder."""
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    answer = subprocess.run([python, "-c", query], capture_output=True, text=True, check=True)
    (Path(answer.stdout.strip()) / "agentplatform.pth").write_text(f"{root}\n")
