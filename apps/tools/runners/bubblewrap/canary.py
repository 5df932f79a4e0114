"""Prove what a bubblewrap jail of this machine guarantees."""

import threading

from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.confine import canary
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.confine.supervise import supervise
from apps.tools.runners.guarantees import Proof


def prove(bwrap: str, groups: Groups, interpreter: Interpreter) -> Proof:
    """Run the canary. Raises SandboxUnavailable when it does not run."""

    def run(program: str, stdin: bytes) -> tuple[bytes, bytes]:
        kind = Kind(bwrap=bwrap, interpreter=interpreter, limits=canary.LIMITS)
        with Cell(kind, groups) as cell:
            cell.begin(program=program.encode(), stdin=stdin)
            ended = supervise(cell, canary.LIMITS, threading.Event())
        return ended.stdout, ended.stderr

    return canary.prove(run, interpreter)
