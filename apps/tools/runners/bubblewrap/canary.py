"""A harmless program that proves what a sandbox of this machine guarantees."""

import json
import threading
from dataclasses import dataclass

from apps.tools.runners.bubblewrap.jail import Jail
from apps.tools.runners.bubblewrap.process import start_jailed
from apps.tools.runners.confine.programs import Python
from apps.tools.runners.confine.supervise import supervise
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import SandboxUnavailable

_LIMITS = Limits(wall_seconds=10.0)
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
    "limits processes": 0 < resource.getrlimit(resource.RLIMIT_NPROC)[1] <= int(sys.argv[1]),
    "has no environment": not set(os.environ) - {"PATH", "HOME", "LANG", "PWD", "LC_CTYPE"},
}))
"""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the canary has shown: the interpreter's version, and each guarantee in words."""

    version: tuple[int, int, int]
    guarantees: dict[str, bool]


def prove(bwrap: str, python: Python) -> Proof:
    """Run the canary. Raises SandboxUnavailable unless every guarantee holds."""
    jail = Jail(limits=_LIMITS, readable=python.readable)
    command = (python.path, "-I", "-S", "-c", _PROGRAM, str(_LIMITS.processes))
    with start_jailed(bwrap, jail, command) as jailed:
        ended = supervise(jailed, _LIMITS, threading.Event())
    try:
        told = json.loads(ended.stdout)
        major, minor, patch = told.pop("version")
    except ValueError as error:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SandboxUnavailable(
            f"{python.path} does not run in the sandbox: {said[-1] if said else 'no output'}."
        ) from error
    if broken := [guarantee for guarantee, holds in told.items() if not holds]:
        raise SandboxUnavailable(f"A sandbox of {bwrap} fails a check: it {broken[0]}.")
    return Proof(version=(major, minor, patch), guarantees=told)
