"""A worker that is killed while a program runs in its sandbox."""

import uuid
from pathlib import Path

from agentplatform.core.wait import wait_for
from apps.runs.models import Run
from apps.tools.models import Artifact, ToolCall
from apps.tools.runners.confine.groups.owner import PREFIX
from tests.chaos.passing import pass_time
from tests.chaos.stack import Stack

PROGRAM = """
import subprocess, sys
open("artifacts/a.txt", "w").write("whole")
subprocess.run([sys.executable, "-c", "import time; time.sleep(3)", {marker!r}])
print(1)
"""


def processes_with(marker: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def groups() -> set[str]:
    return {str(path) for path in Path("/sys/fs/cgroup").rglob(f"{PREFIX}-*")}


def test_a_program_dies_with_its_worker_and_is_run_again(stack: Stack) -> None:
    marker = f"sandboxed-{uuid.uuid4().hex}"
    program = {"program": PROGRAM.format(marker=marker)}
    others = groups()
    stack.start_run([{"kind": "tool", "name": "one", "tool": "code", "arguments": program}])
    wait_for(lambda: processes_with(marker), timeout_seconds=30, what="the program")
    its_groups = groups() - others
    stack.fleet.kill("tools")
    wait_for(lambda: not processes_with(marker), timeout_seconds=5, what="the program to die")
    assert Artifact.objects.count() == 0
    stack.fleet.wait_until(lambda: stack.fleet.is_ready("tools"), what="another worker")
    pass_time()
    stack.audit(deaths=1)
    assert Run.objects.get().status == "COMPLETED"
    assert ToolCall.objects.get().executions == 2
    artifact = Artifact.objects.get()
    stored = stack.artifacts / str(artifact.tenant_id)
    assert {path.name: path.read_bytes() for path in stored.iterdir()} == {
        artifact.sha256: b"whole"
    }
    assert not its_groups & groups()
