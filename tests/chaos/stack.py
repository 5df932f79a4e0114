"""The platform under fault: servers and processes of its own, a provider, and who starts runs."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from celery import current_app
from django.db import OperationalError

from agentplatform.core import kill_points
from agentplatform.core.clock import now
from agentplatform.core.postgresql.roles import LOGINS
from apps.gateway.models import LlmCall
from apps.runs.models import Run, Step, TaskDefinition
from apps.runs.selectors import newest_version
from apps.runs.services.create_run import create_run
from apps.runs.services.save_task import create_task
from apps.tenants.models import Reservation, Tenant
from apps.tools.models import ToolCall
from tests.chaos.audit import audit
from tests.chaos.cutter import HOST, Cutter
from tests.chaos.fleet import Fleet
from tests.chaos.passing import pass_time
from tests.chaos.servers import Servers, disconnect
from tests.provider import Provider

QUICK = 60.0
"""Within so many seconds of its creation a run is over, whatever single fault hits it."""
COUNTABLE = 1000
"""More passings of a kill point than a test counts."""
SAY = {"kind": "llm", "prompt": "Say hi."}
COUNT = {"kind": "tool", "tool": "code", "arguments": {"program": "print(1)"}}
FIVE_STEPS: list[dict[str, Any]] = [
    {**SAY, "name": "first"},
    {**COUNT, "name": "left"},
    {**SAY, "name": "right", "needs": ["first"]},
    {"kind": "decision", "name": "choose", "needs": ["left", "right"],
     "branches": [{"name": "on", "when": "steps.first.output.text", "next": ["last"]}],
     "else": {"next": []}},
    {"kind": "agent", "name": "last", "instructions": "Be brief.", "prompt": "Say hi."},
]  # fmt: skip


class Stack:
    """One tenant's work on a running fleet. `fleet.start()` was called; `broker` carries its
    messages: "valkey" or "sqs"."""

    def __init__(
        self, *, servers: Servers, fleet: Fleet, provider: Provider, folder: Path, broker: str
    ) -> None:
        self.servers = servers
        self.broker = broker
        self.fleet = fleet
        self.provider = provider
        self._folder = folder
        self._task: TaskDefinition | None = None
        self._began = 0

    def begin(self) -> None:
        """Nothing of an earlier test counts."""
        self.provider.reset()
        self._task = None
        self.disarm()
        self.fleet.wait_until(
            lambda: all(map(self.fleet.is_ready, ("steps", "llm", "tools"))), what="the processes"
        )
        self._began = self.fleet.deaths

    @property
    def artifacts(self) -> Path:
        """Where the processes keep artifacts."""
        return self._folder.parent / "artifacts"

    @property
    def deaths(self) -> int:
        """Of whole processes, since `begin`."""
        return self.fleet.deaths - self._began

    def arm(self, point: str, *, passings: int = 0, deaths: int = 1, how: str = "KILL") -> None:
        """Let `passings` processes pass the kill point and the next `deaths` die of it."""
        (self._folder / point).write_text(f"{passings} {deaths} {how}")

    def count_passings(self, point: str) -> None:
        """From now on `passings` tells how many processes pass the kill point; none dies of it."""
        self.arm(point, passings=COUNTABLE, deaths=0)

    def passings(self, point: str) -> int:
        """Since `count_passings`."""
        with (self._folder / point).open() as armed:
            fcntl.flock(armed, fcntl.LOCK_SH)
            left, _, _ = armed.read().split()
        return COUNTABLE - int(left)

    def disarm(self) -> None:
        for armed in self._folder.iterdir():
            armed.unlink()

    def fallen(self) -> list[tuple[str, int]]:
        """The kill points at which a process has died, in order, and which one it was."""
        with suppress(FileNotFoundError):
            lines = (self._folder / kill_points.DEATHS).read_text().splitlines()
            return [(line.split()[0], int(line.split()[1])) for line in lines]
        return []

    def start_run(self, steps: list[dict[str, Any]] | None = None, key: str | None = None) -> Run:
        """A run of FIVE_STEPS, or of these; with a `key` it is the same run when asked again."""
        if steps is not None or self._task is None:
            task = make_task(steps or FIVE_STEPS)
            self._task = task if steps is None else self._task
        else:
            task = self._task
        run, _ = create_run(
            version=newest_version(task), given={}, created_by=None, at=now(), idempotency_key=key
        )
        return run

    def lose_messages(self) -> None:
        """Every message that waits or is under way."""
        if self.broker == "sqs":
            self.servers.restart_sqs()
        else:
            self.servers.flush_valkey()

    def wait_for_death(self, number: int = 1) -> None:
        self.fleet.wait_until(
            lambda: len(self.fallen()) >= number, what="a process to reach the point"
        )

    def await_runs(self, *, timeout_seconds: float = QUICK) -> None:
        """Until every run is over and its end worked off."""
        self.fleet.wait_until(_is_quiet, timeout_seconds=timeout_seconds, what=_Open())

    def hasten(self, *, times: int = 6) -> None:
        """The same, letting a minute pass whenever they are not over after some seconds."""
        for _ in range(times):
            try:
                self.await_runs(timeout_seconds=8)
            except TimeoutError:
                pass_time()
            else:
                break

    def await_end(self, *, timeout_seconds: float = QUICK) -> None:
        """The same, and until nothing is held any more."""
        self.await_runs(timeout_seconds=timeout_seconds)
        if Reservation.objects.exists():
            pass_time(3600)
            current_app.send_task("gateway.expire_reservations", kwargs={})
            self.fleet.wait_until(
                lambda: not Reservation.objects.exists(), what="the reservations to expire"
            )

    def audit(self, **more: Any) -> None:
        """Every run over, and all as it must be."""
        self.await_end()
        self.look(**more)

    def look(self, **more: Any) -> None:
        """The audit, now."""
        audit(self.provider, **{"within_seconds": QUICK, **more})


class _Open:
    """What is open, told when it is asked for and no sooner."""

    def __str__(self) -> str:
        runs = Run.objects.filter(finalized_at=None)
        steps = Step.objects.filter(run__in=runs).values_list("run_id", "name", "status")
        calls = [
            (call.kind, str(call.run_id), call.status, call.executions, str(call.lease_expires_at))
            for model in (LlmCall, ToolCall)
            for call in model.objects.filter(run_id__in=runs.values("id"))[:20]
        ]
        open_steps = [(str(run), name, status) for run, name, status in steps[:20]]
        return f"the runs to end: {open_steps} {calls}"

    def __format__(self, _spec: str) -> str:
        return str(self)


def make_task(steps: list[dict[str, Any]]) -> TaskDefinition:
    tenant = Tenant.objects.first()
    if tenant is None:
        tenant = Tenant.objects.create(name="Chaos", slug="chaos")
    return create_task(
        tenant_id=tenant.id,
        name=uuid.uuid4().hex,
        description="",
        spec={"steps": steps},
        created_by=None,
        at=now(),
    )


def _is_quiet() -> bool:
    """False while the database does not answer."""
    try:
        return not Run.objects.filter(finalized_at=None).exists()
    except OperationalError:
        disconnect()
        return False


@contextmanager
def running_stack(
    servers: Servers,
    provider: Provider,
    folder: Path,
    *,
    broker: str,
    children: int | None = None,
    cutter: Cutter | None = None,
) -> Iterator[Stack]:
    """Start the processes, before whose database the cutter sits if there is one; they are killed
    at the end. `children` is as in Fleet."""
    points = folder / "points"
    points.mkdir()
    settings = environment(servers, provider, folder, broker) | {kill_points.SETTING: str(points)}
    if cutter is not None:
        direct, through = (f"@{HOST}:{port}/" for port in (servers.postgres.port, cutter.port))
        for name in LOGINS:
            settings[name] = settings[name].replace(direct, through)
    fleet = Fleet(folder, settings, children=children)
    try:
        fleet.start()
        yield Stack(servers=servers, fleet=fleet, provider=provider, folder=points, broker=broker)
    finally:
        fleet.stop()


def environment(servers: Servers, provider: Provider, folder: Path, broker: str) -> dict[str, str]:
    return {
        **os.environ,
        **servers.environment(broker),
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": provider.openai_base_url,
        "OPENAI_MODEL": "gpt-4o-mini",
        "ARTIFACT_FOLDER": str(folder / "artifacts"),
        "CALL_DEADLINE_SECONDS": "20",
        "DRAIN_SECONDS": "2",
    }
