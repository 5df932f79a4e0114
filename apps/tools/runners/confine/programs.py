"""Where the programs of the sandbox may lie on this machine."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SYSTEM_FOLDERS = (Path("/usr/bin"), Path("/usr/local/bin"))


@dataclass(frozen=True, kw_only=True)
class Python:
    """An interpreter and the folders outside the system's that it needs."""

    path: str
    readable: tuple[str, ...] = ()


def find_pythons(configured: str) -> list[Python]:
    """Every interpreter to try, best first; only the configured one when there is one."""
    paths = [Path(configured)] if configured else list(_interpreters())
    return [_python(path) for path in dict.fromkeys(path.resolve() for path in paths)]


def _interpreters() -> Iterator[Path]:
    for folder in _SYSTEM_FOLDERS:
        yield from (path for path in [folder / "python3"] if path.is_file())
        yield from sorted(folder.glob("python3.[0-9]*[0-9]"), reverse=True)
    yield Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"


def _python(path: Path) -> Python:
    if path.parent in _SYSTEM_FOLDERS:
        return Python(path=str(path))
    return Python(path=str(path), readable=(str(path.parent.parent),))
