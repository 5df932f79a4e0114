"""A worker that is killed while a program runs in its sandbox."""

import uuid
from contextlib import suppress
from pathlib import Path

from agentplatform.core.wait import wait_for
from apps.runs.models import Run
from apps.tools.models import Artifact, ToolCall
from apps.tools.runners.confine.groups.owner import PREFIX
from tests.chaos.passing import pass_time
from tests.chaos.stack import Stack
from tests.integration.tools.processes import processes_with

PROGRAM = """
import subprocess, sys
open("artifacts/a.txt", "w").write("whole")
subprocess.run([sys.executable, "-c", "import time; time.sleep(3)", {marker!r}])
print(1)
"""


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


PAGE = """
<p>waiting</p>
<script>
setTimeout(() => document.body.insertAdjacentHTML("beforeend", "<b id=done>x</b>"), 4000);
</script>
"""


def browsers_of(worker: int) -> list[int]:
    """The processes of Chromium below a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"chrom" in (path / "cmdline").read_bytes() and worker in ancestors(path.name):
                found.append(int(path.name))
    return found


def ancestors(pid: str) -> set[int]:
    found: set[int] = set()
    while (parent := int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])) > 1:
        found.add(parent)
        pid = str(parent)
    return found


def test_a_browser_dies_with_its_worker_and_is_used_again(stack: Stack) -> None:
    actions = [
        {"action": "wait_for", "selector": "#done"},
        {"action": "screenshot", "name": "a.png"},
    ]
    page = {"html": PAGE, "actions": actions}
    stack.start_run([{"kind": "tool", "name": "one", "tool": "browser", "arguments": page}])
    worker = stack.fleet.pid("tools")
    wait_for(lambda: browsers_of(worker), timeout_seconds=60, what="the browser")
    its_own = browsers_of(worker)
    stack.fleet.kill("tools")
    wait_for(
        lambda: not any(is_alive(pid) for pid in its_own),
        timeout_seconds=5,
        what="the browser to die",
    )
    assert Artifact.objects.count() == 0
    stack.fleet.wait_until(lambda: stack.fleet.is_ready("tools"), what="another worker")
    pass_time()
    stack.audit(deaths=1)
    assert Run.objects.get().status == "COMPLETED"
    assert ToolCall.objects.get().executions == 2
    assert Artifact.objects.get().name == "a.png"


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_post_whose_worker_dies_is_reported_unknown_and_not_sent_again(stack: Stack) -> None:
    stack.arm("after_claim@tools.execute")
    post = {"url": "https://example.org/", "method": "POST"}
    run = stack.start_run([{"kind": "tool", "name": "one", "tool": "http", "arguments": post}])
    stack.wait_for_death()
    pass_time()
    stack.audit(deaths=1)
    run.refresh_from_db()
    assert (run.status, run.error["code"]) == ("FAILED", "outcome_unknown")
    assert ToolCall.objects.get().executions == 1
