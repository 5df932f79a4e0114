"""Steps that wait, map and start other runs: whatever comes in whatever order, a run ends once."""

import uuid
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.core.clock import now
from agentplatform.core.errors import PlatformError
from apps.runs.models import Run, RunEvent, Step
from apps.runs.services.answer_step import approve_step, reject_step, signal_step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.end_wait import end_wait
from apps.runs.services.expire_step import expire_step
from apps.runs.services.save_task import create_task
from apps.runs.states import RUN, STEP
from apps.tenants.models import Tenant
from tests.integration.runs.drive import Drive, broken

pytestmark = pytest.mark.django_db

INNER = {"steps": [{"name": "in", "kind": "wait", "seconds": 5}]}
TOOL = {"kind": "tool", "tool": "code", "arguments": {"program": "1", "input": "{{ item }}"}}
SPEC = {
    "steps": [
        {"name": "ask", "kind": "approval", "question": "?", "timeout_seconds": 40,
         "on_timeout": "approve", "on_reject": "continue"},
        {"name": "sig", "kind": "wait", "signal": True, "timeout_seconds": 30,
         "on_timeout": "continue", "needs": []},
        {"name": "each", "kind": "map", "items": [0, 1, 2, 3], "max_parallel": 2,
         "tolerated_failures": 1, "step": TOOL, "needs": ["ask"],
         "on_failure": {"goto": "undo"}},
        {"name": "child", "kind": "run", "task": "inner", "needs": ["each"],
         "timeout_seconds": 50, "on_failure": "continue"},
        {"name": "undo", "kind": "wait", "seconds": 1, "needs": []},
    ]
}  # fmt: skip
MESSAGES = st.one_of(
    st.just(("deliver",)),
    st.tuples(st.just("pass"), st.sampled_from((1, 6, 45))),
    st.tuples(st.sampled_from(("approve", "reject", "signal")), st.sampled_from(("ask", "sig"))),
    st.tuples(st.sampled_from(("end", "expire")), st.sampled_from(("ask", "sig", "each", "child"))),
    st.just(("cancel",)),
)


class Life:
    """A run and what reaches it."""

    def __init__(self, failing: set[int]) -> None:
        tenant = Tenant.objects.create(name="Acme", slug=f"acme-{uuid.uuid4().hex[:12]}")
        for name, spec in (("inner", INNER), ("outer", SPEC)):
            task = create_task(
                tenant_id=tenant.id, name=name, description="", spec=spec, created_by=None, at=now()
            )
        self.run, _ = create_run(task=task, given={}, created_by=None, at=now())
        self.drive = Drive(
            self.run, lambda given: broken("no") if given["input"] in failing else given["input"]
        )

    def receive(self, kind: str, about: Any = None) -> None:
        at, run_id = self.drive.at, self.run.id
        answers: dict[str, Any] = {"run_id": run_id, "name": about, "at": at}
        with suppress(PlatformError):
            if kind == "deliver":
                self.drive.until_still()
            elif kind == "pass":
                self.drive.pass_time(about)
            elif kind == "approve":
                approve_step(option=None, comment="", by="ann", **answers)
            elif kind == "reject":
                reject_step(comment="", by="ann", **answers)
            elif kind == "signal":
                signal_step(payload=1, **answers)
            elif kind == "cancel":
                cancel_run(run_id=run_id, at=at)
            else:
                step = Step.objects.get(run_id=run_id, name=about, item_index=-1)
                act = end_wait if kind == "end" else expire_step
                act(run_id=run_id, step_id=step.id, at=at)


def check(run: Run) -> None:
    """No state went backwards, nothing is left open, and every event has its number."""
    for one in Run.objects.filter(tenant_id=run.tenant_id):
        assert one.status in RUN.terminal
        seqs = RunEvent.objects.filter(run=one).order_by("seq").values_list("seq", flat=True)
        assert list(seqs) == list(range(1, len(seqs) + 1))
    steps = Step.objects.filter(run__tenant_id=run.tenant_id)
    assert all(step.status in STEP.terminal for step in steps)
    machine_of: dict[str, str] = {}
    for event in RunEvent.objects.filter(run=run).order_by("seq"):
        noun, _, verb = event.kind.partition(".")
        if noun == "step" and event.step_name != "each" and verb.upper() in STEP.states:
            if event.step_name in machine_of:
                STEP.check(machine_of[event.step_name], verb.upper())
            machine_of[event.step_name] = verb.upper()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(failing=st.sets(st.integers(0, 3), max_size=3), messages=st.lists(MESSAGES, max_size=12))
def test_a_run_of_every_kind_ends_once_whatever_comes(
    failing: set[int], messages: list[tuple[Any, ...]]
) -> None:
    life = Life(failing)
    for message in messages:
        life.receive(*message)
    run = life.drive.to_the_end()
    life.drive.to_the_end()
    check(run)
    if ("cancel",) not in messages:
        assert run.status == ("FAILED" if len(failing) > 1 else "COMPLETED")
        undo = Step.objects.get(run=run, name="undo").status
        assert undo == ("SUCCESS" if len(failing) > 1 else "SKIPPED")
