"""Graphs that ask people and other runs, among completions and tool calls."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.errors import Conflict, InvalidInput
from apps.gateway.models import LlmCall
from apps.runs.contracts import RunFinished
from apps.runs.models import Ask, Run
from apps.runs.services.advance_run import advance_run
from apps.runs.services.answer_step import approve_step, reject_step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.claim_step import claim_step
from apps.runs.services.commit_turn import commit_turn
from apps.runs.services.execute_step import execute_step
from apps.runs.services.recover import recover
from apps.runs.services.resume_step import resume_step
from apps.runs.services.take_turn import take_turn
from apps.tenants.models import Account
from apps.tools.models import ToolCall
from tests.installed_graph import ROUNDS, InstallGraph
from tests.integration.runs.conftest import RunMaker, Sent, kinds_of, step_of
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import code, task_of

SAY = {"kind": "completion", "messages": [{"role": "user", "content": "Hello."}]}
CALL = {"kind": "tool", "name": "code", "arguments": {"program": "1", "input": 3}}
PAY = {"kind": "approval", "question": "Pay?", "details": {"sum": 5}}
INNER = {"kind": "run", "task": "inner", "input": {"n": 7}}


def hello(_: str) -> dict[str, Any]:
    return {"text": "Said.", "tool_calls": []}


Asking = Callable[..., Drive]


@pytest.fixture
def asking(make_run: RunMaker, install_graph: InstallGraph) -> Asking:
    """`asking([[wish, ...], ...])`: a run of a graph that asks round by round, at its first rest.
    The task `inner` gives back its input `n`; `wait` makes it wait first."""
    install_graph("rounds", program=ROUNDS)

    def make(
        rounds: list[list[dict[str, Any]]], wait: float = 0, rests: bool = True, **fields: Any
    ) -> Drive:
        step = {"name": "a", "kind": "agent", "graph": "rounds", "instructions": "Ask.",
                "prompt": json.dumps(rounds), "tools": ["code"], **fields}  # fmt: skip
        drive = Drive(make_run([step]), say=hello)
        pause = {"name": "w", "kind": "wait", "seconds": wait or 1}
        steps = [pause, code("t", "{{ input.n }}")] if wait else [code("t", "{{ input.n }}")]
        task_of(drive.run, "inner", steps, output={"got": "{{ steps.t.output.value }}"})
        return drive if not rests else at_rest(drive)

    return make


def at_rest(drive: Drive) -> Drive:
    drive.until_still()
    return drive


def approve(drive: Drive, **fields: Any) -> None:
    given = {"option": None, "comment": "", "by": "ann", "at": drive.at, **fields}
    approve_step(run_id=drive.run.id, name="a", **given)


def reject(drive: Drive, **fields: Any) -> None:
    given = {"comment": "", "by": "ann", "at": drive.at, **fields}
    reject_step(run_id=drive.run.id, name="a", **given)


def answers(run: Run) -> list[Any]:
    assert run.status == "COMPLETED", run.error
    found: list[Any] = step_of(run, "a").output["answers"]
    return found


def asks(run: Run) -> list[tuple[str, str]]:
    return list(Ask.objects.filter(run=run).values_list("kind", "status"))


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


def test_why_a_child_run_cannot_start_is_an_answer(asking: Asking) -> None:
    ran, refused = answers(asking([[INNER, {**INNER, "task": "none"}]]).run)
    assert ran["ok"] is True
    assert refused == {"ok": False, "error": "no_such_task: There is no task named `none`."}


def test_a_failed_child_run_is_an_answer(asking: Asking) -> None:
    drive = asking([[INNER]], wait=10)
    drive.answer = lambda _: broken("no luck")
    (failed,) = answers(drive.pass_time(10).until_still())
    assert failed["ok"] is False
    assert failed["error"].startswith("child_run_failed: ")
    assert "no luck" in failed["error"]


def test_a_child_run_is_nested_and_uses_the_budget_of_its_parent(asking: Asking) -> None:
    drive = asking([[{**INNER, "token_budget": 50}]], wait=10)
    child = Run.objects.get(parent_run=drive.run)
    assert (child.depth, child.parent_step_id) == (1, step_of(drive.run, "a").id)
    assert child.token_budget == 50
    account = Account.objects.get(owner_id=child.id, unit="tokens")
    assert (account.hard_limit, account.parent_owner_id) == (50, drive.run.id)


def test_what_a_child_run_used_is_added_to_its_step_and_run_once(asking: Asking) -> None:
    drive = asking([[INNER, PAY]], wait=10)
    Run.objects.filter(parent_run=drive.run).update(tokens_used=11, cost_nanos=13)
    drive.pass_time(10).until_still()
    advance_run(run_id=drive.run.id, at=drive.at)
    approve(drive)
    run = drive.until_still()
    step = step_of(run, "a")
    assert (run.status, run.tokens_used, run.cost_nanos) == ("COMPLETED", 11, 13)
    assert (step.tokens_used, step.cost_nanos) == (11, 13)


def test_cancelling_a_run_takes_back_what_its_turns_ask(asking: Asking) -> None:
    drive = asking([[PAY, INNER]], wait=100)
    cancel_run(run_id=drive.run.id, at=drive.at)
    drive.until_still()
    assert asks(drive.run) == [("approval", "CANCELLED"), ("run", "CANCELLED")]
    assert Run.objects.get(parent_run=drive.run).status == "CANCELLED"
    with pytest.raises(RunFinished):
        approve(drive)


def test_a_step_whose_time_is_up_takes_back_what_it_asks(asking: Asking) -> None:
    drive = asking([[PAY, INNER]], wait=100, timeout_seconds=20, on_failure="continue")
    drive.pass_time(20).until_still()
    drive.until_still()
    assert (drive.run.status, step_of(drive.run, "a").status) == ("COMPLETED", "FAILED")
    assert asks(drive.run) == [("approval", "CANCELLED"), ("run", "CANCELLED")]
    assert Run.objects.get(parent_run=drive.run).status == "CANCELLED"


def test_a_map_of_agents_asks_for_each_item_and_takes_back_with_it(
    make_run: RunMaker, install_graph: InstallGraph
) -> None:
    install_graph("rounds", program=ROUNDS)
    inner = {"kind": "agent", "graph": "rounds", "instructions": "Ask.",
             "prompt": json.dumps([[PAY]])}  # fmt: skip
    step = {"name": "a", "kind": "map", "items": [1, 2, 3], "step": inner, "max_parallel": 2}
    drive = Drive(make_run([step]))
    drive.until_still()
    for ask in Ask.objects.filter(status="WAITING"):
        approve(drive, ask=ask.id)
    drive.until_still()
    assert [status for _, status in asks(drive.run)].count("WAITING") == 1
    cancel_run(run_id=drive.run.id, at=drive.at)
    assert not Ask.objects.filter(status="WAITING").exists()


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


def test_a_wish_that_nobody_can_grant_fails_the_step(asking: Asking) -> None:
    run = asking([[{"kind": "approval"}]]).run
    assert (run.status, run.error["code"]) == ("FAILED", "graph_error")
    assert "question" in run.error["detail"]
    assert ToolCall.objects.count() == 0
