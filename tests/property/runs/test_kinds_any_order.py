"""Steps that wait, map and start other runs: whatever comes in whatever order, a run ends once."""

import json
import uuid
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.clock import now
from agentplatform.core.errors import PlatformError
from apps.runs.models import Ask, Run, RunEvent, Step
from apps.runs.selectors import newest_version
from apps.runs.services.answer_step import approve_step, reject_step, signal_step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.create_run import create_run
from apps.runs.services.end_wait import end_wait
from apps.runs.services.expire_step import expire_step
from apps.runs.services.save_task import create_task
from apps.runs.states import RUN, STEP
from apps.tenants.models import Tenant
from tests.installed_graph import ROUNDS, InstallGraph
from tests.installed_graph import install_graph as install_graph
from tests.integration.runs.drive import Drive, broken

pytestmark = pytest.mark.django_db

INNER = {"steps": [{"name": "in", "kind": "wait", "seconds": 5}]}
TOOL = {"kind": "tool", "tool": "code", "arguments": {"program": "1", "input": "{{ item }}"}}
PAY = {"kind": "approval", "question": "Pay?", "timeout_seconds": 20, "on_timeout": "approve"}
SAY = {"kind": "completion", "messages": [{"role": "user", "content": "Hello."}]}
CALL = {"kind": "tool", "name": "code", "arguments": {"program": "1", "input": 9}}
ROUNDS_OF_IT = [[SAY, PAY, CALL, {"kind": "run", "task": "inner"}], [PAY, PAY]]
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
        {"name": "agent", "kind": "agent", "graph": "rounds", "instructions": "Ask.", "needs": [],
         "prompt": json.dumps(ROUNDS_OF_IT), "tools": ["code"], "timeout_seconds": 60,
         "retry": {"max_attempts": 3, "backoff": [0, 2]}, "on_failure": "continue"},
        {"name": "undo", "kind": "wait", "seconds": 1, "needs": []},
    ]
}  # fmt: skip
MESSAGES = st.one_of(
    st.just(("deliver",)),
    st.tuples(st.just("pass"), st.sampled_from((1, 6, 45))),
    st.tuples(
        st.sampled_from(("approve", "reject", "signal")), st.sampled_from(("ask", "sig", "agent"))
    ),
    st.tuples(st.sampled_from(("end", "expire")), st.sampled_from(("ask", "sig", "each", "child"))),
    st.just(("cancel",)),
    st.just(("fail the next completion",)),
)


class Life:
    """A run and what reaches it."""

    def __init__(self, failing: set[int]) -> None:
        tenant = Tenant.objects.create(name="Acme", slug=f"acme-{uuid.uuid4().hex[:12]}")
        for name, spec in (("inner", INNER), ("outer", SPEC)):
            task = create_task(
                tenant_id=tenant.id, name=name, description="", spec=spec, created_by=None, at=now()
            )
        self.run, _ = create_run(version=newest_version(task), given={}, created_by=None, at=now())
        self.failures = 0
        self.drive = Drive(
            self.run,
            lambda given: broken("no") if given["input"] in failing else given["input"],
            say=self.say,
        )

    def say(self, _: str) -> dict[str, Any] | CallFailure:
        if self.failures:
            self.failures -= 1
            return CallFailure(code="down", detail="No answer.", is_retryable=True)
        return {"text": "Said.", "tool_calls": []}

    def question(self, name: str) -> uuid.UUID | None:
        """One that the step asks in a turn, answered or not."""
        asks = Ask.objects.filter(run=self.run, step__name=name, kind="approval")
        return asks.order_by("-index").values_list("id", flat=True).first()

    def receive(self, kind: str, about: Any = None) -> None:
        at, run_id = self.drive.at, self.run.id
        answers: dict[str, Any] = {"run_id": run_id, "name": about, "at": at}
        with suppress(PlatformError):
            if kind == "fail the next completion":
                self.failures += 1
            elif kind == "deliver":
                self.drive.until_still()
            elif kind == "pass":
                self.drive.pass_time(about)
            elif kind == "approve":
                approve_step(option=None, comment="", by="ann", ask=self.question(about), **answers)
            elif kind == "reject":
                reject_step(comment="", by="ann", ask=self.question(about), **answers)
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
    assert not Ask.objects.filter(run=run, status="WAITING").exists()
    places = list(Ask.objects.filter(run=run).values_list("turn", "index"))
    assert len(places) == len(set(places))
    started = Ask.objects.filter(run=run, kind="run").count()
    agent = Step.objects.get(run=run, name="agent")
    assert Run.objects.filter(parent_step_id=agent.id).count() == started <= 1
    if agent.status == "SUCCESS":
        kinds = [sorted(answer) for answer in agent.output["answers"]]
        assert [len(kinds), kinds[0]] == [6, ["text", "tool_calls"]]
    steps = Step.objects.filter(run__tenant_id=run.tenant_id)
    assert all(step.status in STEP.terminal for step in steps)
    machine_of: dict[tuple[str, int | None], str] = {}
    for event in RunEvent.objects.filter(run=run).order_by("seq"):
        noun, _, verb = event.kind.partition(".")
        if noun == "step" and verb.upper() in STEP.states:
            place = (event.step_name, event.item)
            if place in machine_of:
                STEP.check(machine_of[place], verb.upper())
            machine_of[place] = verb.upper()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(failing=st.sets(st.integers(0, 3), max_size=3), messages=st.lists(MESSAGES, max_size=12))
def test_a_run_of_every_kind_ends_once_whatever_comes(
    install_graph: InstallGraph, failing: set[int], messages: list[tuple[Any, ...]]
) -> None:
    install_graph("rounds", program=ROUNDS)
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
