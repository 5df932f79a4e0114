"""A harmless program that proves what a sandbox of this machine guarantees."""

import json
import threading
from dataclasses import dataclass

from apps.tools.runners.bubblewrap.cell import Cell, Kind
from apps.tools.runners.confine.groups.group import Groups
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.confine.supervise import Ended, supervise
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import SandboxUnavailable

LIMITS = Limits(wall_seconds=10.0)
_PROGRAM = """
import json, os, pathlib, resource, sys
status = dict(
    line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines()
)
devices = pathlib.Path("/proc/net/dev").read_text().splitlines()[2:]
interfaces = [line.split(":")[0].strip() for line in devices]
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "has its own processes": os.getpid() < 10,
    "has no capabilities": int(status["CapEff"], 16) == 0,
    "cannot gain privileges": status["NoNewPrivs"].strip() == "1",
    "filters system calls": status["Seccomp"].strip() == "2",
    "has no network": interfaces == ["lo"],
    "hides the host's files": not any(os.path.exists(p) for p in ("/root", "/home", "/etc/shadow")),
    "limits processes": 0 < resource.getrlimit(resource.RLIMIT_NPROC)[1] <= int(sys.stdin.read()),
    "has no environment": not set(os.environ) - set(ENVIRONMENT),
}))
"""
_NODE_PROGRAM = """
console.log(JSON.stringify({version: process.versions.node.split(".").map(Number)}));
"""
_ENVIRONMENT = ("PATH", "HOME", "LANG", "PWD", "LC_CTYPE", "TMPDIR", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the canary has shown: the interpreter's version, and each guarantee in words; what holds
    for one language holds for the other, which is only shown to run."""

    version: tuple[int, int, int]
    guarantees: dict[str, bool]


def prove(bwrap: str, interpreter: Interpreter, groups: Groups) -> Proof:
    """Run the canary. Raises SandboxUnavailable unless every guarantee holds."""
    ended = _run(bwrap, interpreter, groups)
    try:
        told = json.loads(ended.stdout)
        major, minor, patch = told.pop("version")
    except ValueError as error:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SandboxUnavailable(
            f"{interpreter.path} does not run in the sandbox: {said[-1] if said else 'no output'}."
        ) from error
    if broken := [guarantee for guarantee, holds in told.items() if not holds]:
        raise SandboxUnavailable(f"A sandbox of {bwrap} fails a check: it {broken[0]}.")
    return Proof(version=(major, minor, patch), guarantees=told)


def _run(bwrap: str, interpreter: Interpreter, groups: Groups) -> Ended:
    known = (*_ENVIRONMENT, *dict(interpreter.environment))
    program = f"ENVIRONMENT = {known!r}\n{_PROGRAM}"
    if interpreter.language == "node":
        program = _NODE_PROGRAM
    with Cell(Kind(bwrap=bwrap, interpreter=interpreter, limits=LIMITS), groups) as cell:
        cell.begin(program=program.encode(), stdin=str(LIMITS.processes).encode())
        return supervise(cell, LIMITS, threading.Event())
