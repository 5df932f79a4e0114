"""Time limits of steps, and what makes a failure good."""

from typing import Any

import pytest

from apps.runs.models import Run
from apps.runs.services.advance_run import advance_run
from apps.runs.services.execute_step import execute_step
from apps.runs.services.resume_step import resume_step
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import CHILD, code, each, statuses, task_of


def test_a_step_that_takes_longer_than_its_time_fails_and_its_child_is_cancelled(
    make_run: RunMaker,
) -> None:
    run = make_run([{**CHILD, "timeout_seconds": 30}], {"n": 7})
    task_of(run, "inner", [{"name": "w", "kind": "wait", "seconds": 1000}])
    drive = Drive(run)
    drive.until_still()
    assert drive.pass_time(29).until_still().status == "RUNNING"
    run = drive.pass_time(1).until_still()
    assert (run.status, run.error["code"]) == ("FAILED", "timeout")
    assert Run.objects.get(parent_run=run).status == "CANCELLED"


def test_the_calls_of_a_step_that_ran_out_of_time_are_taken_back(make_run: RunMaker) -> None:
    agent = {"name": "a", "kind": "agent", "instructions": "x", "prompt": "y",
             "timeout_seconds": 30, "on_failure": "continue"}  # fmt: skip
    drive = Drive(make_run([agent]))
    drive.until_still()
    assert step_of(drive.run, "a").status == "WAITING"
    run = drive.pass_time(30).until_still()
    assert (run.status, step_of(run, "a").error["code"]) == ("COMPLETED", "timeout")


def saga(**rule: Any) -> list[dict[str, Any]]:
    return [
        code("book", "book"),
        code("pay", "pay", on_failure={"goto": "undo", **rule}),
        code("ship", "ship"),
        code("undo", "undo", needs=[]),
        code("tell", "tell", needs=["undo"]),
    ]


def fail_paying(arguments: dict[str, Any]) -> Any:
    return broken("no money") if arguments["input"] == "pay" else arguments["input"]


def test_a_failure_is_made_good_before_the_run_fails(make_run: RunMaker) -> None:
    run = Drive(make_run(saga()), fail_paying).to_the_end()
    assert (run.status, run.error["step"], run.error["detail"]) == ("FAILED", "pay", "no money")
    assert statuses(run) == {"book": "SUCCESS", "pay": "FAILED", "ship": "CANCELLED",
                             "undo": "SUCCESS", "tell": "SUCCESS"}  # fmt: skip


def test_a_run_may_go_on_after_a_failure_was_made_good(make_run: RunMaker) -> None:
    run = Drive(make_run(saga(then="continue")), fail_paying).to_the_end()
    assert run.status == "COMPLETED"
    assert statuses(run) == {"book": "SUCCESS", "pay": "FAILED", "ship": "SKIPPED",
                             "undo": "SUCCESS", "tell": "SUCCESS"}  # fmt: skip


def test_without_a_failure_nothing_is_made_good(make_run: RunMaker) -> None:
    run = Drive(make_run(saga())).to_the_end()
    assert run.status == "COMPLETED"
    assert (statuses(run)["undo"], statuses(run)["tell"]) == ("SKIPPED", "SKIPPED")


def test_a_failure_that_cannot_be_made_good_says_so(make_run: RunMaker) -> None:
    def fail_both(arguments: dict[str, Any]) -> Any:
        return broken("no") if arguments["input"] in ("pay", "undo") else 1

    run = Drive(make_run(saga()), fail_both).to_the_end()
    assert (run.status, run.error["step"]) == ("FAILED", "pay")
    assert run.error["not_made_good_by"] == "undo"


@pytest.mark.parametrize("beside", [code("beside"), {**each([1]), "name": "beside"}])
def test_a_step_that_is_given_up_in_the_moment_it_is_due_is_not_taken(
    make_run: RunMaker, beside: dict[str, Any]
) -> None:
    fails = {"name": "fails", "kind": "run", "task": "nobodys", "on_failure": {"goto": "undo"}}
    undo = {"name": "undo", "kind": "wait", "seconds": 5, "needs": []}
    run = make_run([code("a"), {**beside, "needs": ["a"]}, {**fails, "needs": ["a"]}, undo])
    drive = Drive(run)
    [due] = advance_run(run_id=run.id, at=drive.at)
    assert execute_step(step_id=due.step_id, turn=0, at=drive.at) == []
    drive.answer_calls(step_of(run, "a"))
    assert resume_step(step_id=due.step_id, turn=0, at=drive.at, goes_on=True) == []
    assert statuses(run) == {"a": "SUCCESS", "beside": "CANCELLED", "fails": "FAILED",
                             "undo": "WAITING"}  # fmt: skip
