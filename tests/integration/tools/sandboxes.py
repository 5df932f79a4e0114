"""The sandboxes that this machine has, run by this process or by one of an ordinary user."""

import base64
import ctypes
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
from apps.tools.runners.lite.box import link_box
from apps.tools.runners.lite.run import Place
from apps.tools.runners.lite.sandbox import LiteSandbox
from apps.tools.runners.lite.slots import Slots
from apps.tools.runners.sandbox import Job

ORDINARY_USER = 64020
CONTAINER_CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
"""What container engines leave to root unless they are told otherwise."""
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


class Runner:
    """`run(program, **wanted)`: how the program ended, in a sandbox by its name."""

    def __init__(self, name, folder):
        self.name, self.folder = name, Path(folder)
        # Where nobody may make the link, programs find their work folder as the current one only.
        self._box = "/box" if name != "lite" or link_box() else "."

    def run(self, program, **wanted):
        given = {"program": program.replace("/box", self._box), **wanted}
        return SimpleNamespace(**self.ask(given))


class Here(Runner):
    """A sandbox of this process."""

    def __init__(self, name, folder):
        super().__init__(name, folder)
        self.pid = os.getpid()
        self._sandbox = make_sandbox(name, folder)

    def ask(self, wanted):
        return run_job(self._sandbox, wanted)

    def prove(self):
        return self._sandbox.prove().held

    @staticmethod
    def start(arguments):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment)

    def close(self):
        pass


class Elsewhere(Runner):
    """A sandbox of another process."""

    def __init__(self, name, folder):
        super().__init__(name, folder)
        module = ["-m", "tests.integration.tools.sandboxes"]
        self._process = self.start(
            [*module, name, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pid = self._process.pid

    def prove(self):
        return frozenset(self.ask({"prove": True})["held"])

    def close(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, wanted):
        self._process.stdin.write(base64.b64encode(json.dumps(wanted).encode()) + b"\n")
        self._process.stdin.flush()
        return json.loads(base64.b64decode(self._process.stdout.readline()))


class OfOrdinaryUser(Elsewhere):
    """A sandbox of a process that is an ordinary user's."""

    @staticmethod
    def start(arguments, **options):
        return subprocess.Popen([ordinary_python(), *arguments], **as_ordinary(), **options)


class InContainer(Elsewhere):
    """A sandbox of root in a container: without the right to mount, or to trace others."""

    @staticmethod
    def start(arguments, **options):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            preexec_fn=_drop_capabilities,
            **options,
        )


def _drop_capabilities():
    library = ctypes.CDLL(None)
    for capability in set(range(64)) - CONTAINER_CAPABILITIES:
        library.prctl(24, ctypes.c_ulong(capability), 0, 0, 0)  # PR_CAPBSET_DROP


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
