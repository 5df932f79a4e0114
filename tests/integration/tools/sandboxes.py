"""The sandboxes that this machine has, run by this process or by one of an ordinary user."""

import base64
import json
import os
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

from apps.tools.runners.bubblewrap.sandbox import BubblewrapSandbox
from apps.tools.runners.confine.files import sealed_file
from apps.tools.runners.limits import Limits
from apps.tools.runners.lite.run import Place
from apps.tools.runners.lite.sandbox import LiteSandbox
from apps.tools.runners.lite.slots import Slots
from apps.tools.runners.sandbox import Job

ORDINARY_USER = 64020
ROOT = Path(__file__).parents[3]


def ordinary_python():
    """This Python, or the system's of the same version: one that an ordinary user may run. None
    where this process cannot start any for one."""
    if os.geteuid() != 0:
        return None
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, system):
        try:
            subprocess.run(
                [path, "-c", "import pydantic"], check=True, capture_output=True, **as_ordinary()
            )
            return path
        except (OSError, subprocess.CalledProcessError):
            continue
    return None


def as_ordinary():
    """How a process is started as an ordinary user's."""
    path = os.pathsep.join([str(ROOT), *(name for name in sys.path if "site-packages" in name)])
    return {
        "user": ORDINARY_USER,
        "group": ORDINARY_USER,
        "extra_groups": [],
        "cwd": ROOT,
        "env": {"PATH": os.defpath, "PYTHONPATH": path},
    }


def make_sandbox(name, folder):
    if name == "bubblewrap":
        return BubblewrapSandbox()
    return LiteSandbox(place=Place(slots=Slots(folder=Path(folder), users=range(64300, 64310))))


def run_job(sandbox, wanted):
    """Run a job that is given, and answered, as JSON types."""
    stop = threading.Event()
    timer = threading.Timer(wanted.get("stop_after", 3600), stop.set)
    timer.start()
    given = {name: sealed_file(text.encode()) for name, text in wanted.get("inputs", {}).items()}
    job = Job(
        language=wanted.get("language", "python"),
        program=wanted["program"],
        stdin=wanted.get("stdin", "").encode(),
        inputs=given,
        keeps_workspace=wanted.get("keeps_workspace", False),
        workspace=BytesIO(base64.b64decode(wanted["workspace"])) if "workspace" in wanted else None,
        limits=Limits(**{"wall_seconds": 20.0, **wanted.get("limits", {})}),
    )
    try:
        outcome = sandbox.run(job, stop=stop)
    finally:
        timer.cancel()
        for file in given.values():
            file.close()
    files = {}
    workspace = b""
    if outcome.workspace is not None:
        with outcome.workspace as content:
            workspace = content.read()
    for file in outcome.files:
        with file.content as content:
            files[file.name] = content.read().decode("latin-1")
    return {
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "stdout": outcome.stdout.decode("latin-1"),
        "stderr": outcome.stderr.decode("latin-1"),
        "files": files,
        "workspace": base64.b64encode(workspace).decode(),
        "skipped_files": outcome.skipped_files,
        "cpu_ms": outcome.cpu_ms,
        "peak_memory_bytes": outcome.peak_memory_bytes,
    }


class Here:
    """A sandbox of this process."""

    def __init__(self, name, folder):
        self.pid = os.getpid()
        self._sandbox = make_sandbox(name, folder)

    def run(self, program, **wanted):
        return SimpleNamespace(**run_job(self._sandbox, {"program": program, **wanted}))

    def prove(self):
        return self._sandbox.prove().held

    def close(self):
        pass


class OfOrdinaryUser:
    """A sandbox of a process that is an ordinary user's."""

    def __init__(self, name, folder):
        self._process = subprocess.Popen(
            [ordinary_python(), "-m", "tests.integration.tools.sandboxes", name, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **as_ordinary(),
        )
        self.pid = self._process.pid

    def run(self, program, **wanted):
        return SimpleNamespace(**self._ask({"program": program, **wanted}))

    def prove(self):
        return frozenset(self._ask({"prove": True})["held"])

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _ask(self, wanted):
        self._process.stdin.write(base64.b64encode(json.dumps(wanted).encode()) + b"\n")
        self._process.stdin.flush()
        return json.loads(base64.b64decode(self._process.stdout.readline()))


def serve(name, folder):
    sandbox = make_sandbox(name, folder)
    for line in sys.stdin.buffer:
        wanted = json.loads(base64.b64decode(line))
        if "prove" in wanted:
            answer = {"held": sorted(sandbox.prove().held)}
        else:
            answer = run_job(sandbox, wanted)
        print(base64.b64encode(json.dumps(answer).encode()).decode(), flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:3])
