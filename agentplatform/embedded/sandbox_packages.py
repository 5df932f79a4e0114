"""`python -m agentplatform.embedded.sandbox_packages`: what programs of the code tool may import.

Installs requirements/sandbox.txt for the sandbox's Python into `.data/sandbox-packages/pythonX.Y`.
The set-up leaves it to a process in the background: nothing else waits for it.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from agentplatform.embedded.package_index import uv_environment

ROOT = Path(__file__).resolve().parents[2]
STAMP = ".lock-file"
OLDEST = (3, 11)
SHARED = Path("/var/lib/agentplatform/sandbox-packages")
"""For root, whose home nobody else can enter, while its sandboxes run as other users."""


def start(data: Path) -> None:
    """Install in the background what is not there yet."""
    if is_current(data / "sandbox-packages", find_python()):
        return
    with (data / "logs" / "sandbox-packages.log").open("a") as log:
        subprocess.Popen(
            [ROOT / ".venv" / "bin" / "python", "-m", "agentplatform.embedded.sandbox_packages"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def install(data: Path) -> Path:
    """The folder of the packages, complete. Waits for whoever else installs them.

    Raises subprocess.CalledProcessError when they cannot be had.
    """
    python = find_python()
    place = make_place(data / "sandbox-packages")
    folder = place / python_name(python)
    with (data / "sandbox-packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current(place, python):
            fresh = place / f".{folder.name}"
            shutil.rmtree(fresh, ignore_errors=True)
            fill(fresh, python)
            (fresh / STAMP).write_text(digest())
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)
    return folder


def is_current(place: Path, python: str) -> bool:
    """Whether the folder holds what the lock file lists now."""
    try:
        return (place / python_name(python) / STAMP).read_text() == digest()
    except OSError:
        return False


def digest() -> str:
    return hashlib.sha256((ROOT / "requirements" / "sandbox.txt").read_bytes()).hexdigest()


def make_place(place: Path) -> Path:
    """The folder itself, or a link to one that the users of sandboxes can enter."""
    if os.geteuid() == 0 and not place.exists() and not is_open_to_all(place.parent):
        SHARED.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            place.symlink_to(SHARED)
    place.mkdir(parents=True, exist_ok=True)
    return place


def is_open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def fill(folder: Path, python: str) -> None:
    here = Path(sys.executable)
    subprocess.run(
        [
            *(here.parent / "uv", "pip", "install", "--quiet", "--require-hashes", "--no-deps"),
            *("--only-binary", ":all:", "--compile-bytecode", "--link-mode", "copy"),
            *("--python", python, "--target", folder),
            *("-r", ROOT / "requirements" / "sandbox.txt"),
        ],
        env=uv_environment(here),
        check=True,
    )


def find_python() -> str:
    """The Python that the sandbox will take: the one that SANDBOX_PYTHON names, else the system's,
    else this one."""
    named = os.environ.get("SANDBOX_PYTHON")
    folders = (Path("/usr/bin"), Path("/usr/local/bin"))
    system = [path for folder in folders for path in [folder / "python3", *versions(folder)]]
    own = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    for path in [Path(named)] if named else [*system, own]:
        if path.is_file() and version(str(path)) >= OLDEST:
            return str(path.resolve())
    return str(own)


def versions(folder: Path) -> list[Path]:
    return sorted(folder.glob("python3.[0-9]*[0-9]"), reverse=True)


def version(python: str) -> tuple[int, ...]:
    """Major and minor; nothing when it does not start."""
    question = "import sys; print(*sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-c", question], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(map(int, told.stdout.split()))


def python_name(python: str) -> str:
    return "python{}.{}".format(*(version(python) or sys.version_info[:2]))


if __name__ == "__main__":
    install(ROOT / ".data")
