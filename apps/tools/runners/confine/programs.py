"""Where the programs of the sandbox may lie on this machine."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.tools.runners.sandbox import Language

_SYSTEM_FOLDERS = (Path("/usr/bin"), Path("/usr/local/bin"))


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """What runs programs of a language: the folders outside the system's that it needs, those that
    it is shown at another path (the host's, then its own), its arguments before the program's name,
    and its environment, name by name."""

    language: Language
    path: str
    readable: tuple[str, ...] = ()
    shown: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def find_pythons(configured: str) -> list[Interpreter]:
    """Every Python to try, best first; only the configured one when there is one."""
    paths = [Path(configured)] if configured else list(_pythons())
    return [_interpreter("python", path) for path in _resolved(paths)]


def find_nodes(configured: str) -> list[Interpreter]:
    """Every Node to try, best first; only the configured one when there is one."""
    paths = [Path(configured)] if configured else list(_nodes())
    return [_interpreter("node", path) for path in _resolved(paths) if path.is_file()]


def _pythons() -> Iterator[Path]:
    for folder in _SYSTEM_FOLDERS:
        yield from (path for path in [folder / "python3"] if path.is_file())
        yield from sorted(folder.glob("python3.[0-9]*[0-9]"), reverse=True)
    yield Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"


def _nodes() -> Iterator[Path]:
    yield from (folder / "node" for folder in _SYSTEM_FOLDERS)
    if named := shutil.which("node"):
        yield Path(named)


def _resolved(paths: list[Path]) -> Iterator[Path]:
    return iter(dict.fromkeys(path.resolve() for path in paths))


def _interpreter(language: Language, path: Path) -> Interpreter:
    if path.parent in _SYSTEM_FOLDERS:
        return Interpreter(language=language, path=str(path))
    return Interpreter(language=language, path=str(path), readable=(str(path.parent.parent),))
