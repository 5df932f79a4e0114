"""A harmless program that tries what a sandbox must prevent, and the judgement on what it says."""

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from apps.tools.runners.confine.own_folder import passing_folder
from apps.tools.runners.confine.programs import Interpreter
from apps.tools.runners.guarantees import Proof
from apps.tools.runners.limits import Limits
from apps.tools.runners.sandbox import SandboxUnavailable

LIMITS = Limits(wall_seconds=10.0)
"""The canary's, which it checks."""
_MODE = 0o644
_HARMLESS = ("PATH", "HOME", "LANG", "LC_", "PWD", "TMPDIR", "PYTHON", "MPL")
"""Beginnings of the variables that a program may have as well."""
_MOST_PROCESSES = 100_000

_PROGRAM = """
import json, os, resource, socket, sys

host = json.load(sys.stdin)

def can(action, *arguments):
    try:
        action(*arguments)
    except (OSError, ValueError):
        return False
    return True

def dial(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(1)
        one.connect(address)

def write(folder):
    with open(os.path.join(folder, "canary-" + str(os.getpid())), "w"):
        pass

can(os.chmod, host["file"], 0o777)
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
addresses = [(socket.AF_INET, ("127.0.0.1", host["port"])), (socket.AF_UNIX, host["socket"])]
processes = resource.getrlimit(resource.RLIMIT_NPROC)[1]
data = resource.getrlimit(resource.RLIMIT_DATA)[1]
folders = ["/", "/usr/bin", "/etc", "/dev", "/proc", "/run", "/var/tmp", host["folder"]]
hidden = ["/etc/shadow", host["file"]]
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "own_user": os.getuid() != 0,
    "private_processes": not any([
        can(os.kill, host["pid"], 0), can(open, "/proc/%d/cmdline" % host["pid"]),
    ]),
    "no_capabilities": int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0,
    "no_new_privileges": status["NoNewPrivs"].strip() == "1",
    "filtered_system_calls": status["Seccomp"].strip() == "2",
    "no_network": not any([can(dial, *address) for address in addresses]),
    "hidden_host_files": not any([can(open, path) for path in hidden])
    and not any([can(os.listdir, path) for path in ("/root", "/home", host["folder"])]),
    "read_only_system": not any([can(write, folder) for folder in folders]),
    "no_environment": not set(host["variables"]) & set(os.environ),
    "bounded_processes": 0 < processes <= host["processes"],
    "bounded_memory": 0 < data <= host["data"],
}))
"""
_NODE_PROGRAM = """
console.log(JSON.stringify({version: process.versions.node.split(".").map(Number)}));
"""


Run = Callable[[str, bytes], tuple[bytes, bytes]]
"""Runs a program with this standard input within LIMITS; returns its two outputs."""


def prove(run: Run, interpreter: Interpreter) -> Proof:
    """What holds for a Python program that `run` runs. A Node is only shown to run: what holds for
    one language holds for the other.

    Raises SandboxUnavailable when it does not run to its end.
    """
    if interpreter.language == "node":
        stdout, stderr = run(_NODE_PROGRAM, b"")
        return _proof(stdout, stderr, interpreter)
    with _host() as host:
        stdout, stderr = run(_PROGRAM, json.dumps(host).encode())
        is_changed = stat.S_IMODE(Path(host["file"]).stat().st_mode) != _MODE
    proof = _proof(stdout, stderr, interpreter)
    return replace(proof, held=proof.held - {"own_user"}) if is_changed else proof


def _proof(stdout: bytes, stderr: bytes, interpreter: Interpreter) -> Proof:
    try:
        told = json.loads(stdout)
        major, minor, patch = told.pop("version")
    except (ValueError, KeyError) as error:
        said = stderr.decode("utf-8", "replace").strip().splitlines()
        raise SandboxUnavailable(
            f"{interpreter.path} does not run in the sandbox: {said[-1] if said else 'no output'}."
        ) from error
    held = frozenset(name for name, holds in told.items() if holds)
    return Proof(version=(major, minor, patch), held=held)


@contextmanager
def _host() -> Iterator[dict[str, Any]]:
    """What the canary goes for: a file and a folder that anybody may use, two sockets, and this
    process."""
    with ExitStack() as held:
        folder = held.enter_context(passing_folder())
        folder.chmod(0o1777)
        file = folder / "file"
        file.touch()
        file.chmod(_MODE)
        inner = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        name = f"\0{folder}"
        abstract.bind(name)
        abstract.listen()
        yield {
            "pid": os.getpid(),
            "file": str(file),
            "folder": str(folder),
            "port": inner.getsockname()[1],
            "socket": name,
            "variables": [name for name in os.environ if not name.startswith(_HARMLESS)],
            "processes": _MOST_PROCESSES,
            "data": LIMITS.process_bytes,
        }
