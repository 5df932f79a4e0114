"""Doubled, lost and repeated: a turn asks once, and goes on once."""

from agentplatform.calls.contracts import CallFailure
from apps.gateway.models import LlmCall
from apps.runs.models import Ask, Run
from apps.runs.services.advance_run import advance_run
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.claim_step import claim_step
from apps.runs.services.commit_turn import commit_turn
from apps.runs.services.execute_step import execute_step
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.services.take_turn import take_turn
from tests.integration.runs.asks.conftest import (
    CALL,
    INNER,
    PAY,
    SAY,
    Asking,
    answers,
    approve,
    hello,
    reject,
)
from tests.integration.runs.conftest import Sent, step_of


def test_a_turn_that_is_delivered_again_asks_nothing_twice(asking: Asking, sent: Sent) -> None:
    drive = asking([[PAY, INNER]], wait=100)
    step = step_of(drive.run, "a")
    for _ in range(2):
        execute_step(step_id=step.id, turn=0, at=drive.at)
        resume_step(step_id=step.id, turn=0, at=drive.at)
    assert Ask.objects.count() == 2
    assert Run.objects.filter(parent_run=drive.run).count() == 1


def test_of_a_turn_that_two_workers_took_one_asks(asking: Asking) -> None:
    drive = asking([[PAY, INNER]], wait=100, rests=False)
    advance_run(run_id=drive.run.id, at=drive.at)
    step = step_of(drive.run, "a")
    lost = claim_step(step_id=step.id, turn=0, at=drive.at)
    drive.pass_time(60)
    heir = claim_step(step_id=step.id, turn=0, at=drive.at)
    assert lost
    assert heir
    commit_turn(heir, take_turn(heir), at=drive.at)
    commit_turn(lost, take_turn(lost), at=drive.at)
    assert Ask.objects.count() == 2
    assert Run.objects.filter(parent_run=drive.run).count() == 1


def test_a_retry_keeps_the_answers_beside_a_completion_that_failed(asking: Asking) -> None:
    again = {"max_attempts": 2, "backoff": [0, 5]}
    drive = asking([[PAY], [SAY, PAY, INNER]], retry=again)
    down = CallFailure(code="down", detail="No answer.", is_retryable=True)
    drive.say = lambda _: down
    approve(drive)
    drive.until_still()
    reject(drive, comment="no")
    drive.until_still()
    assert step_of(drive.run, "a").status == "RETRYING"
    drive.say = hello
    run = drive.pass_time(5).until_still()
    _, said, paid, ran = answers(run)
    assert (said["text"], paid["comment"], ran["output"]) == ("Said.", "no", {"got": 7})
    assert step_of(run, "a").attempt == 2
    assert Ask.objects.count() == 3
    assert Run.objects.filter(parent_run=run).count() == 1
    tried = LlmCall.objects.filter(run_id=run.id).values_list("attempt", "status")
    assert sorted(tried) == [(1, "FAILED"), (2, "SUCCESS")]


def test_a_turn_whose_calls_come_last_waits_for_them(asking: Asking, sent: Sent) -> None:
    drive = asking([[PAY]])
    step = step_of(drive.run, "a")
    assert step.waits_for == "asks"
    sent()
    approve(drive)
    assert [task for task, _ in sent()] == ["runs.resume_step"]
    assert step_of(drive.run, "a").waits_for == "calls"


def test_a_lost_resume_is_sent_again(asking: Asking, sent: Sent) -> None:
    drive = asking([[PAY]])
    approve(drive)
    sent()
    drive.pass_time(3)
    assert recover(at=drive.at)["turns"] == 1
    resumes = [found for found in sent() if found[0] == "runs.resume_step"]
    assert resumes == [
        ("runs.resume_step", {"step_id": str(step_of(drive.run, "a").id), "turn": 0})
    ]


def test_a_lost_end_of_a_child_run_is_found(asking: Asking, sent: Sent) -> None:
    drive = asking([[INNER, PAY]], wait=100)
    child = Run.objects.get(parent_run=drive.run)
    cancel_run(run_id=child.id, at=drive.at)
    sent()
    drive.pass_time(3)
    assert recover(at=drive.at)["parents"] == 1
    told = [keywords for task, keywords in sent() if task == "runs.advance_run"]
    assert told == [{"run_id": str(drive.run.id)}]
    advance_run(run_id=drive.run.id, at=drive.at)
    assert "parents" not in recover(at=drive.pass_time(3).at)


def test_recovery_leaves_a_question_that_waits_alone(asking: Asking, sent: Sent) -> None:
    drive = asking([[PAY, CALL]])
    sent()
    for _ in range(3):
        assert recover(at=drive.pass_time(100).at) == {}
    assert sent() == []
