"""The interpreters of this machine, tried out in a sandbox."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from apps.tools.runners.confine.programs import Interpreter, find_nodes, find_pythons
from apps.tools.runners.guarantees import Proof
from apps.tools.runners.sandbox import SandboxUnavailable

_PREFERRED = (3, 11)
_NODE_FLAGS = (("--experimental-detect-module",), ())
"""With the first, programs may be written as modules too, which later versions do unasked."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A Python that runs in a sandbox, and what holds there."""

    python: Interpreter
    proof: Proof

    @property
    def is_best(self) -> bool:
        """Whether there is nothing better to look for."""
        return self.proof.is_whole and self.proof.version >= _PREFERRED


def try_pythons(
    configured: str, prove: Callable[[Interpreter], Proof], refusals: list[str]
) -> list[Candidate]:
    """Those that run, the best first; the reasons of the others are added to `refusals`."""
    running: list[Candidate] = []
    for python in find_pythons(configured):
        try:
            candidate = Candidate(python=python, proof=prove(python))
        except SandboxUnavailable as refusal:
            refusals.append(refusal.detail)
            continue
        if candidate.is_best:
            return [candidate, *running]
        running.append(candidate)
    return sorted(running, key=lambda one: not one.proof.is_whole)


def first_node(configured: str, prove: Callable[[Interpreter], Proof]) -> Interpreter:
    """The first Node that runs. Raises SandboxUnavailable, naming what to install, if none does."""
    refusals: list[str] = []
    for found in find_nodes(configured):
        for flags in _NODE_FLAGS:
            node = replace(found, flags=flags)
            try:
                prove(node)
            except SandboxUnavailable as refusal:
                refusals.append(refusal.detail)
            else:
                return node
    raise SandboxUnavailable(
        "JavaScript programs need Node: install the package nodejs, or name its program in "
        f"SANDBOX_NODE. {' '.join(refusals[:1])}".rstrip()
    )
