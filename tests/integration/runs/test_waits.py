"""Waits for a time or a signal, and questions to people."""

from typing import Any

import pytest

from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from apps.runs.contracts import RunFinished
from apps.runs.services.answer_step import approve_step, reject_step, signal_step
from tests.integration.runs.conftest import RunMaker
from tests.integration.runs.drive import Drive
from tests.integration.runs.kinds import code, statuses


def test_a_wait_ends_when_its_time_has_come(make_run: RunMaker) -> None:
    drive = Drive(make_run([{"name": "w", "kind": "wait", "seconds": 100}, code("b")]))
    assert statuses(drive.until_still()) == {"w": "WAITING", "b": "PENDING"}
    assert statuses(drive.pass_time(99).until_still())["w"] == "WAITING"
    assert drive.pass_time(1).until_still().status == "COMPLETED"


def test_a_wait_takes_its_seconds_from_the_run(make_run: RunMaker) -> None:
    wait = {"name": "w", "kind": "wait", "seconds": "{{ input.n }}"}
    drive = Drive(make_run([wait], {"n": 5}))
    assert drive.until_still().status == "RUNNING"
    assert drive.pass_time(5).until_still().status == "COMPLETED"
    wrong = Drive(make_run([wait], {"n": "soon"})).until_still()
    assert (wrong.status, wrong.error["code"]) == ("FAILED", "template_error")


SIGNAL = {"name": "s", "kind": "wait", "signal": True, "timeout_seconds": 60}


def test_a_signal_ends_the_wait_for_it_with_its_payload(make_run: RunMaker) -> None:
    drive = Drive(make_run([SIGNAL]))
    drive.until_still()
    signal_step(run_id=drive.run.id, name="s", payload={"paid": True}, at=drive.at)
    run = drive.until_still()
    assert (run.status, run.output["s"]["signal"]) == ("COMPLETED", {"paid": True})


def test_a_signal_that_comes_early_is_kept(make_run: RunMaker) -> None:
    drive = Drive(make_run([{"name": "w", "kind": "wait", "seconds": 10}, SIGNAL]))
    drive.until_still()
    signal_step(run_id=drive.run.id, name="s", payload=1, at=drive.at)
    with pytest.raises(Conflict, match="come before"):
        signal_step(run_id=drive.run.id, name="s", payload=2, at=drive.at)
    assert drive.pass_time(10).until_still().output["s"] == {"signal": 1, "timed_out": False}


@pytest.mark.parametrize(("rule", "status"), [("fail", "FAILED"), ("continue", "COMPLETED")])
def test_a_signal_that_never_comes(make_run: RunMaker, rule: str, status: str) -> None:
    drive = Drive(make_run([{**SIGNAL, "on_timeout": rule}]))
    drive.until_still()
    assert drive.pass_time(60).until_still().status == status


ASK = {"name": "ask", "kind": "approval", "question": "Pay {{ input.sum }}?",
       "timeout_seconds": 60}  # fmt: skip


def asked(make_run: RunMaker, **fields: Any) -> Drive:
    drive = Drive(make_run([{**ASK, **fields}, code("pay", "{{ steps.ask.output }}")], {"sum": 5}))
    drive.until_still()
    return drive


def test_an_approval_lets_the_run_go_on_and_says_who_gave_it(make_run: RunMaker) -> None:
    drive = asked(make_run)
    event = drive.run.events.get(kind="step.waiting")
    assert event.data["question"] == "Pay 5?"
    approve_step(run_id=drive.run.id, name="ask", option=None, comment="ok", by="ann", at=drive.at)
    run = drive.until_still()
    answer = run.output["pay"]["value"]
    assert (run.status, answer["decision"], answer["by"]) == ("COMPLETED", "approved", "ann")


def test_a_rejection_fails_the_step_or_is_left_to_the_run(make_run: RunMaker) -> None:
    drive = asked(make_run)
    reject_step(run_id=drive.run.id, name="ask", comment="no", by="ann", at=drive.at)
    run = drive.until_still()
    assert (run.status, run.error["code"], run.error["comment"]) == ("FAILED", "rejected", "no")
    assert run.error["detail"].endswith(": no")
    drive = asked(make_run, on_reject="continue")
    reject_step(run_id=drive.run.id, name="ask", comment="no", by="ann", at=drive.at)
    assert drive.until_still().output["pay"]["value"]["decision"] == "rejected"


def test_an_option_has_to_be_one_of_the_questions(make_run: RunMaker) -> None:
    drive = asked(make_run, options=["now", "later"])
    for option in (None, "never"):
        with pytest.raises(InvalidInput):
            approve_step(
                run_id=drive.run.id, name="ask", option=option, comment="", by="a", at=drive.at
            )
    approve_step(run_id=drive.run.id, name="ask", option="later", comment="", by="a", at=drive.at)
    assert drive.until_still().output["pay"]["value"]["option"] == "later"


@pytest.mark.parametrize(
    ("rule", "status", "code_"),
    [("fail", "FAILED", "timeout"), ("reject", "FAILED", "rejected"), ("approve", "COMPLETED", "")],
)
def test_a_question_that_nobody_answers(
    make_run: RunMaker, rule: str, status: str, code_: str
) -> None:
    run = asked(make_run, on_timeout=rule).pass_time(60).until_still()
    assert (run.status, (run.error or {}).get("code", "")) == (status, code_)


def test_answers_that_do_not_fit_are_explained(make_run: RunMaker) -> None:
    drive = asked(make_run)
    answer: Any = {"run_id": drive.run.id, "option": None, "comment": "", "by": "a", "at": drive.at}
    with pytest.raises(NotFound):
        approve_step(name="nothing", **answer)
    with pytest.raises(Conflict, match="asks nobody"):
        approve_step(name="pay", **answer)
    with pytest.raises(Conflict, match="waits for no signal"):
        signal_step(run_id=drive.run.id, name="ask", payload=1, at=drive.at)
    approve_step(name="ask", **answer)
    with pytest.raises(Conflict, match="SUCCESS"):
        approve_step(name="ask", **answer)
    drive.until_still()
    with pytest.raises(RunFinished):
        signal_step(run_id=drive.run.id, name="pay", payload=1, at=drive.at)


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "wait", "seconds": "{{ input.text }}"},
        {"kind": "run", "task": "{{ input.text }}"},
        {"kind": "approval", "question": "{{ input.text }}"},
        {"kind": "decision", "branches": [{"name": "a", "when": "sum(input.text) > `1`"}]},
        {"kind": "map", "items": "sort(input.text)", "step": {"kind": "llm", "prompt": "x"}},
    ],
    ids=lambda step: step["kind"],
)
def test_an_error_says_no_more_of_a_value_than_a_person_reads(
    make_run: RunMaker, step: dict[str, Any]
) -> None:
    run = Drive(make_run([{"name": "a", **step}], {"text": "x" * 1_000_000})).to_the_end()
    assert run.status == "FAILED"
    assert 20 < len(run.error["detail"]) < 1000
