"""The lock files of requirements/, and the stamp that says which of them a virtualenv holds."""

import hashlib
import json
import sys
from pathlib import Path

TOOLS = "tools.txt"
RUNTIME = ("base.txt", "embedded.txt")
DEVELOPMENT = (*RUNTIME, "dev.txt")
STAMP = "agentplatform-locks.json"


def digest_locks(requirements: Path, names: tuple[str, ...]) -> dict[str, str]:
    """The fingerprint of each named lock file, with the Python that it is installed for."""
    python = "{}.{}".format(*sys.version_info)
    return {
        name: hashlib.sha256(python.encode() + (requirements / name).read_bytes()).hexdigest()
        for name in names
    }


def read_stamp(virtualenv: Path) -> dict[str, str]:
    """What the virtualenv was last made from; empty when it never was completed."""
    try:
        stamp = json.loads((virtualenv / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(virtualenv: Path, digests: dict[str, str]) -> None:
    """Remember what the virtualenv holds. Written last, so a killed installation has no stamp."""
    (virtualenv / STAMP).write_text(json.dumps(digests, indent=1))


def forget_stamp(virtualenv: Path) -> None:
    """Called before the virtualenv changes."""
    (virtualenv / STAMP).unlink(missing_ok=True)


def is_current(virtualenv: Path, digests: dict[str, str]) -> bool:
    """Whether the virtualenv holds at least these lock files, as they are now."""
    return digests.items() <= read_stamp(virtualenv).items()
