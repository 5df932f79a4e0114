"""Packages that programs may import beside the standard library, as the operator has installed
them: one folder for each version of Python."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.guarantees import Proof

NO_PACKAGES = Path("/nonexistent")
_SHOWN_AT = "/packages"
_ENVIRONMENT = (
    ("MPLBACKEND", "Agg"),
    # A program has one processor; without these, a thread is started for each of the machine's.
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
)


@dataclass(frozen=True, kw_only=True)
class Packages:
    """`folder` holds them when `problem`, a sentence that says what to do, is empty."""

    folder: Path
    problem: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What can be imported, as it is called by who publishes it."""
        found = self.folder.glob("*.dist-info")
        return tuple(sorted(path.name.removesuffix(".dist-info") for path in found))


def find_packages(place: Path, proof: Proof) -> Packages:
    """The packages below `place` for the Python of the proof."""
    major, minor, _ = proof.version
    folder = Path(os.path.realpath(place)) / f"python{major}.{minor}"
    if not folder.is_dir():
        return Packages(
            folder=folder,
            problem=f"Programs have the standard library only: there is no {folder}. Run `make "
            f"setup`, or install requirements/sandbox.txt there with `uv pip install --target`.",
        )
    if os.geteuid() == 0 and not _is_open_to_all(folder):
        return Packages(
            folder=folder,
            problem=f"Programs have the standard library only: {folder} cannot be read by other "
            "users than root. Move it, and name the place in SANDBOX_PACKAGES.",
        )
    return Packages(folder=folder)


def with_packages(python: Interpreter, packages: Packages, *, has_own_mounts: bool) -> Interpreter:
    """The interpreter, importing the packages too, if they can be had. With mounts of its own it
    does not learn where they lie on the host."""
    if packages.problem:
        return python
    folder = str(packages.folder)
    path = _SHOWN_AT if has_own_mounts else folder
    environment = (*python.environment, ("PYTHONPATH", path), *_ENVIRONMENT)
    if has_own_mounts:
        return replace(python, shown=((folder, path),), environment=environment)
    return replace(python, readable=(*python.readable, folder), environment=environment)


def _is_open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))
