"""All that a line of the table measures with: servers, one tenant, and tools as a worker runs them.

This process is the worker: a call is executed here, from its claim to its recorded result.
"""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from agentplatform.embedded.supervisor import interrupt_on_signals
from tests.bench.process import platform_process

PROFILE = "agentplatform.settings.local"
SETTINGS = {
    "SECRET_KEY": "bench-only-" + "0" * 40,
    "TENANT_REQUESTS_PER_MINUTE": "1000000",
    "USER_REQUESTS_PER_MINUTE": "1000000",
    "SANDBOX_POOL_SIZE": "2",
    "LOG_LEVEL": "WARNING",
    "PGAPPNAME": "bench",
}

PROGRAM = """\
import csv, json
rows = [{"name": "a", "value": 1}, {"name": "b", "value": 2}]
with open("artifacts/out.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, ["name", "value"])
    writer.writeheader()
    writer.writerows(rows)
print(json.dumps({"sum": sum(row["value"] for row in rows)}))
"""
"""What a usual program does: imports, a table, a result, one artifact."""

NODE_PROGRAM = """\
const fs = require("node:fs");
const rows = [["name", "value"], ["a", 1], ["b", 2]];
fs.writeFileSync("artifacts/out.csv", rows.map((row) => row.join(",")).join("\\n"));
console.log(JSON.stringify({sum: rows.slice(1).reduce((sum, row) => sum + row[1], 0)}));
"""
"""The same for Node."""


@dataclass(kw_only=True)
class Bench:
    """One tenant without limits, and a folder that is gone at the end."""

    folder: Path
    tenant_id: UUID
    _indexes: Iterator[int] = field(default_factory=count)

    def plan(self, tool: str, arguments: dict[str, Any]) -> UUID:
        """The row of a call that is to be made."""
        from agentplatform.calls.contracts import CallPlan
        from agentplatform.core.clock import now
        from agentplatform.core.postgresql.batch import Batch
        from agentplatform.core.tenancy import tenant_scope
        from agentplatform.core.transactions import transaction
        from apps.tools.contracts import ToolRequest
        from apps.tools.services.plan_tool_calls import plan_tool_calls

        place = {"run_id": uuid4(), "step_id": uuid4(), "attempt": 1, "turn": 1}
        wanted = CallPlan(tenant_id=self.tenant_id, index=next(self._indexes), **place)
        batch = Batch()
        request = ToolRequest(tool=tool, arguments=arguments)
        ids = plan_tool_calls(batch, wanted=[(wanted, request)], at=now())
        with tenant_scope(self.tenant_id), transaction():
            batch.execute()
        return ids()[0]

    def execute(self, call_id: UUID) -> float:
        """Execute a planned call as the worker's task does. Returns the milliseconds it took; the
        call must end well."""
        from apps.tools.tasks import execute

        began = time.perf_counter()
        execute(call_id=str(call_id))
        return (time.perf_counter() - began) * 1000

    def run_program(self, language: str = "python") -> float:
        """Run PROGRAM in the sandbox and take what it leaves. Returns the milliseconds."""
        from apps.tools.runners.backends import choose_sandbox
        from apps.tools.runners.sandbox import Job

        sandbox = choose_sandbox()
        program = PROGRAM if language == "python" else NODE_PROGRAM
        job = Job(language=language, program=program)  # type: ignore[arg-type]
        began = time.perf_counter()
        outcome = sandbox.run(job, stop=threading.Event())
        taken = (time.perf_counter() - began) * 1000
        assert outcome.status == "ok"
        assert len(outcome.files) == 1
        outcome.files[0].content.close()
        return taken

    def count_successes(self) -> int:
        """How many calls have ended well."""
        from agentplatform.core.tenancy import tenant_scope
        from apps.tools.models import ToolCall

        with tenant_scope(self.tenant_id):
            return ToolCall.objects.filter(status="SUCCESS").count()

    def run_bare(self, command: tuple[str, ...]) -> float:
        """Run a command outside any sandbox, in an empty work folder. Returns milliseconds."""
        work = Path(tempfile.mkdtemp(dir=self.folder))
        (work / "artifacts").mkdir()
        began = time.perf_counter()
        subprocess.run(
            command, env={}, cwd=work, check=True, capture_output=True, stdin=subprocess.DEVNULL
        )
        return (time.perf_counter() - began) * 1000

    @contextmanager
    def pool_size(self, size: int) -> Iterator[None]:
        """With so many interpreters of a language that wait."""
        from django.conf import settings

        before = settings.PLATFORM
        settings.PLATFORM = before.model_copy(update={"sandbox_pool_size": size})
        try:
            yield
        finally:
            settings.PLATFORM = before


@contextmanager
def running_bench() -> Iterator[Bench]:
    """Start what calls need; stop it at the end, also when told to end by a signal."""
    interrupt_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="agentplatform-bench-"))
    try:
        (folder / "metrics").mkdir()
        settings = SETTINGS | {
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            "ARTIFACT_FOLDER": str(folder / "artifacts"),
        }
        with platform_process(settings, profile=PROFILE):
            from tests.bench.engine.bench import make_tenant

            tenant_id, _ = make_tenant()
            yield Bench(folder=folder, tenant_id=tenant_id)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bare_python() -> tuple[str, ...]:
    """The sandbox's own Python, running PROGRAM without a sandbox."""
    from apps.tools.runners.bubblewrap.equipment import find_equipment

    return (find_equipment(bubblewrap_path="", sandbox_python="").python.path, "-c", PROGRAM)


def bare_node() -> tuple[str, ...]:
    """The sandbox's own Node, running NODE_PROGRAM without a sandbox."""
    from apps.tools.runners.bubblewrap.equipment import find_node

    return (
        find_node(bubblewrap_path="", sandbox_python="", sandbox_node="").path,
        "-e",
        NODE_PROGRAM,
    )


def share_of(values: Sequence[float], share: float) -> float:
    """The value that this share of them stays below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def own_children() -> set[int]:
    """The processes that this one has, the servers among them."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def mounts() -> str:
    """The mounts that this process sees."""
    return Path("/proc/self/mountinfo").read_text()


def quiet_processors() -> str:
    """How busy the machine is beside the bench, for the note of a line."""
    return f"load {os.getloadavg()[0]:.1f}"
