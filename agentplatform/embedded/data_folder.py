"""The folder that holds everything the embedded stack leaves on disk."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from agentplatform.embedded.errors import StackError

PARTS = ("logs", "run", "beat", "metrics", "artifacts", "output", "chromium")
SECRETS = (
    *("postgres", "valkey", "model", "flower", "django"),
    *("agentplatform_app", "agentplatform_admin", "agentplatform_migrator"),
)


class DataFolder:
    """Made where it is missing. Raises StackError where it cannot be written."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        try:
            for part in PARTS:
                (self.path / part).mkdir(parents=True, exist_ok=True)
                probe = self.path / part / ".probe"
                probe.touch()
                probe.unlink()
        except OSError as error:
            raise StackError(
                f"{self.path} cannot be written by this user: give it to the user (chown -R)"
                " or clone into a folder of your own."
            ) from error

    def __truediv__(self, part: str) -> Path:
        return self.path / part

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def secrets(self) -> dict[str, str]:
        """Passwords of this folder's servers: made once, readable by their owner only."""
        path = self.path / "secrets.json"
        known = read_json(path)
        if not all(known.get(name) for name in SECRETS):
            known = {name: secrets.token_urlsafe(32) for name in SECRETS} | known
            write_private(path, known)
        return known

    @contextlib.contextmanager
    def only_one(self) -> Iterator[Callable[[str], None]]:
        """Hold the folder for one start. Yields how to announce where it serves.

        Raises StackError when another process holds it, saying which.
        """
        path = self.path / "run" / "lock"
        with path.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = read_json(path)
                raise StackError(
                    f"Already running at {holder.get('url') or 'an address not yet known'}"
                    f" (process {holder.get('pid', '?')}); stop it with Ctrl-C, or use it."
                ) from error

            def announce(url: str) -> None:
                lock.seek(0)
                lock.truncate()
                lock.write(json.dumps({"pid": str(os.getpid()), "url": url}))
                lock.flush()

            announce("")
            yield announce


def read_json(path: Path) -> dict[str, str]:
    """A JSON object of strings; empty when it is missing or is something else."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_private(path: Path, content: dict[str, str]) -> None:
    """Write JSON that only its owner can read, whole or not at all."""
    making = path.with_suffix(".new")
    making.unlink(missing_ok=True)
    making.touch(mode=0o600)
    making.write_text(json.dumps(content, indent=1))
    making.replace(path)
