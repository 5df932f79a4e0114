"""What a turn asks of people, and what it is told."""

import pytest

from agentplatform.core.errors import Conflict, InvalidInput
from apps.runs.contracts import RunFinished
from apps.runs.models import Ask
from apps.tools.models import ToolCall
from tests.integration.runs.asks.conftest import (
    CALL,
    INNER,
    PAY,
    SAY,
    Asking,
    answers,
    approve,
    asks,
    reject,
)
from tests.integration.runs.conftest import kinds_of, step_of


def test_a_turn_of_every_kind_of_interrupt_goes_on_once_all_are_answered(asking: Asking) -> None:
    drive = asking([[SAY, PAY, CALL, INNER]])
    assert step_of(drive.run, "a").status == "WAITING"
    assert asks(drive.run) == [("approval", "WAITING"), ("run", "ANSWERED")]
    approve(drive, comment="go")
    said, paid, called, ran = answers(drive.until_still())
    assert said["text"] == "Said."
    assert paid == {"decision": "approved", "option": None, "comment": "go", "by": "ann",
                    "timed_out": False}  # fmt: skip
    assert called == {"ok": True, "output": {"value": 3}}
    assert ran == {"ok": True, "output": {"got": 7}}
    assert kinds_of(drive.run).count("a step.running") == 2
    assert kinds_of(drive.run).count("a ask.answered") == 2
    assert step_of(drive.run, "a").turn == 1


def test_what_a_turn_asks_is_in_the_timeline(asking: Asking) -> None:
    drive = asking([[{**PAY, "options": ["now", "later"], "timeout_seconds": 60}]])
    event = drive.run.events.get(kind="ask.waiting")
    ask = Ask.objects.get()
    assert event.step_name == "a"
    assert event.data == {
        "ask": str(ask.id), "kind": "approval", "turn": 0, "question": "Pay?",
        "options": ["now", "later"], "details": {"sum": 5}, "until": ask.wait_until.isoformat(),
    }  # fmt: skip


def test_a_rejection_and_a_chosen_option_are_answers(asking: Asking) -> None:
    drive = asking([[PAY], [{**PAY, "options": ["now", "later"]}]])
    reject(drive, comment="too much")
    drive.until_still()
    with pytest.raises(InvalidInput):
        approve(drive, option="never")
    approve(drive, option="later")
    first, second = answers(drive.until_still())
    assert (first["decision"], first["comment"]) == ("rejected", "too much")
    assert (second["decision"], second["option"]) == ("approved", "later")


def test_a_question_is_answered_once(asking: Asking) -> None:
    drive = asking([[PAY, PAY]])
    first, second = Ask.objects.order_by("index")
    approve(drive, ask=first.id)
    with pytest.raises(Conflict, match="approved"):
        reject(drive, ask=first.id)
    assert drive.until_still().status == "RUNNING"
    reject(drive, ask=second.id)
    decisions = [answer["decision"] for answer in answers(drive.until_still())]
    assert decisions == ["approved", "rejected"]
    with pytest.raises(RunFinished):
        approve(drive, ask=second.id)


def test_one_of_several_questions_has_to_be_named(asking: Asking) -> None:
    drive = asking([[PAY, PAY]])
    with pytest.raises(InvalidInput) as several:
        approve(drive)
    assert "several questions" in several.value.errors["ask"][0]
    with pytest.raises(InvalidInput) as unknown:
        approve(drive, ask=drive.run.id)
    assert "no such question" in unknown.value.errors["ask"][0]
    approve(drive, ask=Ask.objects.order_by("index")[0].id)
    approve(drive)
    answers(drive.until_still())


def test_a_step_that_asks_nobody_now_takes_no_answer(asking: Asking) -> None:
    drive = asking([[INNER]], wait=100)
    with pytest.raises(Conflict, match="asks nobody"):
        approve(drive)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_question_that_nobody_answers_counts_as_its_author_says(
    asking: Asking, decision: str
) -> None:
    drive = asking([[{**PAY, "timeout_seconds": 60, "on_timeout": decision}]])
    assert drive.pass_time(59).until_still().status == "RUNNING"
    (answer,) = answers(drive.pass_time(1).until_still())
    assert (answer["decision"][:6], answer["timed_out"]) == (decision[:6], True)


def test_a_wish_that_nobody_can_grant_fails_the_step(asking: Asking) -> None:
    run = asking([[{"kind": "approval"}]]).run
    assert (run.status, run.error["code"]) == ("FAILED", "graph_error")
    assert "question" in run.error["detail"]
    assert ToolCall.objects.count() == 0
