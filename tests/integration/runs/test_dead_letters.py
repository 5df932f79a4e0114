"""What becomes a dead letter, and what may be done with one."""

import json
import uuid
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from structlog.testing import capture_logs

from agentplatform.calls.claim import claim_row
from agentplatform.core.clock import now
from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from agentplatform.core.leases import CALL_LEASE
from agentplatform.core.tenancy import no_scope, tenant_scope
from agentplatform.dead_letters.bury_message import bury_message
from agentplatform.dead_letters.count_open import count_open
from agentplatform.dead_letters.models import DeadLetter
from agentplatform.dead_letters.reasons import Reason
from agentplatform.telemetry.metrics import DEAD_LETTERS, DEAD_LETTERS_OPEN
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.claim_step import STEP_LEASE, claim_step
from apps.runs.services.discard_letter import discard_letter
from apps.runs.services.execute_step import execute_step
from apps.runs.services.replay_letter import replay_letter
from apps.tools.models import ToolCall
from apps.tools.services.claim_call import claim_call
from tests.integration.runs.conftest import RunMaker, Sent, step_of

CODE = {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "1"}}
RUN_ID = str(uuid.uuid4())


def count(kind):
    return DEAD_LETTERS.labels(kind)._value.get()


@pytest.fixture
def lost_step(make_run: RunMaker):
    """The run of a step that lost its worker three times."""
    run = make_run([CODE])
    advance_run(run_id=run.id, at=now())
    step = step_of(run, "a")
    for takeover in range(4):
        claim_step(step_id=step.id, turn=0, at=now() + takeover * STEP_LEASE)
    return run


@pytest.fixture
def letter(db):
    """Of a message with a wrong argument."""
    bury_message(
        task="runs.advance_run",
        payload={"kwargs": {"run_id": "x"}},
        reason=Reason.UNFIT_ARGUMENTS,
        detail="run_id must be an id",
        message_id="m1",
        at=now(),
    )
    return DeadLetter.objects.get()


def run_command(*words):
    output = StringIO()
    call_command("dead_letters", *words, stdout=output)
    return output.getvalue()


def test_a_step_that_loses_its_worker_three_times_is_one(lost_step):
    letter = DeadLetter.objects.get()
    step = step_of(lost_step, "a")
    assert (letter.kind, letter.reason, letter.task) == ("step", "worker_lost", "runs.execute_step")
    assert (letter.tenant_id, letter.run_id, letter.step_id) == (
        lost_step.tenant_id, lost_step.id, step.id,
    )  # fmt: skip


def test_a_call_that_loses_its_worker_three_times_is_one(make_run: RunMaker):
    run = make_run([CODE])
    advance_run(run_id=run.id, at=now())
    execute_step(step_id=step_of(run, "a").id, turn=0, at=now())
    call = ToolCall.objects.get()
    before = count("call")
    with capture_logs() as lines, tenant_scope(run.tenant_id):
        for execution in range(5):
            claim_call(call_id=call.id, at=now() + execution * CALL_LEASE)
    letter = DeadLetter.objects.get()
    assert (letter.kind, letter.call_id, letter.task) == ("call", call.id, "tools.execute")
    call.refresh_from_db()
    assert (call.status, call.error["code"]) == ("FAILED", "worker_lost")
    assert count("call") == before + 1
    assert [line["event"] for line in lines].count("dead_letter.written") == 1


def test_a_call_that_is_claimed_in_time_is_none(make_run: RunMaker):
    run = make_run([CODE])
    advance_run(run_id=run.id, at=now())
    execute_step(step_id=step_of(run, "a").id, turn=0, at=now())
    call = ToolCall.objects.get()
    for execution in range(3):
        assert claim_row(ToolCall, call_id=call.id, at=now() + execution * CALL_LEASE)
    assert not DeadLetter.objects.exists()


def test_a_message_that_comes_again_is_one_letter(letter):
    bury_message(
        task="runs.advance_run", payload={}, reason=Reason.UNFIT_ARGUMENTS, detail="",
        message_id="m1", at=now(),
    )  # fmt: skip
    assert DeadLetter.objects.count() == 1


def test_a_worker_without_any_scope_may_bury_and_see_nothing(db):
    with no_scope():
        bury_message(
            task="", payload={"text": "x"}, reason=Reason.UNREADABLE, detail="", message_id=None,
            at=now(),
        )  # fmt: skip
        assert not DeadLetter.objects.exists()
    assert DeadLetter.objects.get().payload == {"text": "x"}


def test_no_tenant_sees_a_letter_of_the_platform(letter, tenant):
    with tenant_scope(tenant.id):
        assert not DeadLetter.objects.exists()


def test_a_database_that_does_not_answer_costs_the_letter_only(db, monkeypatch):
    monkeypatch.setattr("agentplatform.dead_letters.bury_message.BURY", "select nothing")
    with capture_logs() as lines:
        bury_message(
            task="", payload={"text": "kept"}, reason=Reason.UNREADABLE, detail="", message_id=None,
            at=now(),
        )  # fmt: skip
    assert lines[0]["event"] == "dead_letter.lost"
    assert lines[0]["payload"] == {"text": "kept"}


def test_a_message_is_replayed_with_changed_arguments(letter, sent: Sent):
    with pytest.raises(InvalidInput, match="run_id must be an id"):
        replay_letter(letter_id=letter.id, at=now())
    assert sent() == []
    replay_letter(letter_id=letter.id, at=now(), changes={"run_id": RUN_ID})
    assert sent() == [("runs.advance_run", {"run_id": RUN_ID})]
    letter.refresh_from_db()
    assert (letter.status, letter.resolved_by) == ("replayed", "test")


def test_a_letter_is_decided_about_once(letter):
    discard_letter(letter_id=letter.id, at=now())
    for decide in (discard_letter, replay_letter):
        with pytest.raises(Conflict, match="discarded by test"):
            decide(letter_id=letter.id, at=now())
    with pytest.raises(NotFound):
        discard_letter(letter_id=uuid.uuid4(), at=now())


def test_a_message_to_no_task_cannot_be_replayed(letter):
    for task in ("runs.time_travel", ""):
        DeadLetter.objects.update(task=task)
        with pytest.raises(Conflict, match="There is no task"):
            replay_letter(letter_id=letter.id, at=now())


def test_a_step_of_a_run_that_ended_stays_as_it_is(lost_step):
    with pytest.raises(Conflict, match=f"ended as FAILED .* /api/v1/runs/{lost_step.id}/retry"):
        replay_letter(letter_id=DeadLetter.objects.get().id, at=now())
    lost_step.refresh_from_db()
    assert lost_step.status == "FAILED"


def test_a_step_of_a_run_that_went_on_stays_as_it_is(make_run: RunMaker):
    steps = [{**CODE, "on_failure": "continue"}, {**CODE, "name": "b", "needs": []}]
    run = make_run(steps)
    advance_run(run_id=run.id, at=now())
    for takeover in range(4):
        claim_step(step_id=step_of(run, "a").id, turn=0, at=now() + takeover * STEP_LEASE)
    with pytest.raises(Conflict, match="its run went on"):
        replay_letter(letter_id=DeadLetter.objects.get().id, at=now())
    cancel_run(run_id=run.id, at=now())


def test_the_gauge_shows_the_open_ones(letter, lost_step):
    assert count_open() == {"message": 1, "step": 1, "call": 0}
    discard_letter(letter_id=letter.id, at=now())
    assert count_open() == {"message": 0, "step": 1, "call": 0}
    assert DEAD_LETTERS_OPEN.labels("message")._value.get() == 0


def test_the_command_lists_shows_replays_and_discards(letter, lost_step, sent: Sent):
    sent()
    listed = run_command("list")
    assert len(listed.splitlines()) == 2
    assert "worker_lost" in run_command("list", "--kind", "step")
    told = json.loads(run_command("show", str(letter.id)))
    assert (told["reason"], told["payload"]) == ("unfit_arguments", {"kwargs": {"run_id": "x"}})
    assert "sent again" in run_command("replay", str(letter.id), "--set", f"run_id={RUN_ID}")
    assert sent() == [("runs.advance_run", {"run_id": RUN_ID})]
    step = DeadLetter.objects.get(kind="step")
    assert "is discarded" in run_command("discard", str(step.id))
    assert run_command("list") == ""
    assert len(run_command("list", "--all").splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("replay", RUN_ID), "There is no dead letter"),
        (("show", RUN_ID), "There is no dead letter"),
        (("replay", RUN_ID, "--set", "turn"), "write NAME=VALUE"),
        (("show", "seventeen"), "invalid UUID"),
    ],
)
def test_the_command_says_what_is_wrong(db, words, says):
    with pytest.raises(CommandError, match=says):
        run_command(*words)
