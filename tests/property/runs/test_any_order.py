"""Whatever message comes, in whatever order and however often: a run still ends once."""

import uuid
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentplatform.calls.claim import claim_row
from agentplatform.calls.move import finish_row
from agentplatform.core.clock import now
from apps.runs.contracts import RunFinished
from apps.runs.models import Run, RunEvent, Step
from apps.runs.selectors import newest_version
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.claim_step import claim_step
from apps.runs.services.create_run import create_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.finalize_run import finalize_run
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.services.save_task import create_task
from apps.runs.states import RUN, STEP
from apps.tenants.models import Tenant
from apps.tools.models import ToolCall

pytestmark = pytest.mark.django_db(transaction=True)

SPEC = {
    "steps": [
        {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "1"}},
        {
            "name": "d",
            "kind": "decision",
            "branches": [{"name": "yes", "when": "steps.a.output.value", "next": ["b"]}],
            "else": {"next": ["c"]},
        },
        {"name": "b", "kind": "tool", "tool": "code", "arguments": {"program": "1"}},
        {
            "name": "c",
            "kind": "tool",
            "tool": "code",
            "needs": ["d"],
            "arguments": {"program": "1"},
        },
        {
            "name": "e",
            "kind": "tool",
            "tool": "code",
            "needs": ["a"],
            "arguments": {"program": "1"},
        },
    ]
}
NAMES = ("a", "b", "c", "e")
MESSAGES = st.one_of(
    st.just(("advance",)),
    st.just(("recover",)),
    st.just(("finish",)),
    st.tuples(st.sampled_from(("execute", "resume", "lose")), st.sampled_from(NAMES)),
    st.tuples(st.just("answer"), st.sampled_from(NAMES)),
    st.tuples(st.just("wait"), st.sampled_from((1, 20, 60))),
)


class Engine:
    """A run, a clock of its own, and the messages that reach its services."""

    def __init__(self) -> None:
        tenant = Tenant.objects.create(name="Acme", slug=f"acme-{uuid.uuid4().hex[:12]}")
        self.at: datetime = now()
        task = create_task(
            tenant_id=tenant.id,
            name="any order",
            description="",
            spec=SPEC,
            created_by=None,
            at=self.at,
        )
        self.run, _ = create_run(
            version=newest_version(task), given={}, created_by=None, at=self.at
        )

    def deliver(self, kind: str, *about: object) -> None:
        if kind == "advance":
            advance_run(run_id=self.run.id, at=self.at)
        elif kind == "recover":
            recover(at=self.at)
        elif kind == "finish":
            finalize_run(run_id=self.run.id, at=self.at)
        elif kind == "wait":
            self.at += timedelta(seconds=int(str(about[0])))
        else:
            self._deliver_to_step(kind, Step.objects.get(run=self.run, name=about[0]))

    def _deliver_to_step(self, kind: str, step: Step) -> None:
        for turn in {step.turn, 0}:
            if kind == "execute":
                execute_step(step_id=step.id, turn=turn, at=self.at)
            elif kind == "resume":
                resume_step(step_id=step.id, turn=turn, at=self.at)
            elif kind == "lose":
                claim_step(step_id=step.id, turn=turn, at=self.at)
            else:
                self._answer(step)

    def _answer(self, step: Step) -> None:
        for call in ToolCall.objects.filter(step_id=step.id):
            claimed = claim_row(ToolCall, call_id=call.id, at=self.at)
            if claimed is not None:
                finish_row(claimed, to="SUCCESS", at=self.at, response={"value": 1})

    def drive_to_the_end(self) -> Run:
        """Every message once, again and again, as recovery would send them."""
        for _ in range(12):
            self.run.refresh_from_db()
            if self.run.status in RUN.terminal:
                break
            self.at += timedelta(seconds=61)
            self.deliver("advance")
            for name in NAMES:
                for kind in ("execute", "answer", "resume"):
                    self.deliver(kind, name)
            self.deliver("recover")
        return self.run


def check(run: Run) -> None:
    events = list(RunEvent.objects.filter(run=run).order_by("seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    last: dict[str, str] = {}
    for event in events:
        noun, _, verb = event.kind.partition(".")
        if noun in ("run", "step"):
            machine = RUN if noun == "run" else STEP
            if event.step_name in last:
                machine.check(last[event.step_name], verb.upper())
            last[event.step_name] = verb.upper()
    assert last[""] in RUN.terminal
    assert all(step.status in STEP.terminal for step in Step.objects.filter(run=run))
    calls = Counter(
        ToolCall.objects.filter(run_id=run.id).values_list("step_id", "attempt", "turn", "index")
    )
    assert set(calls.values()) <= {1}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(messages=st.lists(MESSAGES, max_size=30))
def test_a_run_ends_once_whatever_comes(messages: list[tuple[object, ...]]) -> None:
    engine = Engine()
    for message in messages:
        engine.deliver(str(message[0]), *message[1:])
    run = engine.drive_to_the_end()
    check(run)
    if not Step.objects.filter(run=run, error__code="worker_lost").exists():
        assert run.status == "COMPLETED"
        assert Step.objects.get(run=run, name="b").status == "SUCCESS"
        assert Step.objects.get(run=run, name="c").status == "SKIPPED"


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(before=st.lists(MESSAGES, max_size=20), after=st.lists(MESSAGES, max_size=20))
def test_a_cancelled_run_stays_cancelled_whatever_comes(
    before: list[tuple[object, ...]], after: list[tuple[object, ...]]
) -> None:
    engine = Engine()
    for message in before:
        engine.deliver(str(message[0]), *message[1:])
    try:
        cancel_run(run_id=engine.run.id, at=engine.at)
        expected = "CANCELLED"
    except RunFinished:
        engine.run.refresh_from_db()
        expected = engine.run.status
    for message in after:
        engine.deliver(str(message[0]), *message[1:])
    run = engine.drive_to_the_end()
    assert run.status == expected
    check(run)
