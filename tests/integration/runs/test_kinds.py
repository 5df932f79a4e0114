"""Maps, waits, approvals, child runs, time limits and what makes a failure good."""

from typing import Any

import pytest

from agentplatform.core.errors import Conflict, InvalidInput, NotFound
from apps.runs.contracts import RunFinished
from apps.runs.models import Run, Step
from apps.runs.services.answer_step import approve_step, reject_step, signal_step
from apps.runs.services.cancel_run import cancel_run
from apps.runs.services.fork_run import fork_run, retry_run
from apps.runs.services.save_task import create_task
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, kinds_of, step_of
from tests.integration.runs.drive import Drive, broken


def code(name: str, given: Any = "x", **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "tool", "tool": "code",
            "arguments": {"program": "print(1)", "input": given}, **fields}  # fmt: skip


def statuses(run: Run) -> dict[str, str]:
    steps = Step.objects.filter(run=run, item_index=-1)
    return dict(steps.values_list("name", "status"))


def items_of(run: Run, name: str) -> list[str]:
    steps = Step.objects.filter(run=run, name=name, item_index__gte=0).order_by("item_index")
    return list(steps.values_list("status", flat=True))


# Maps


ITEM = {"of": "{{ item }}", "at": "{{ index }}"}


def each(items: Any = "input.list", **fields: Any) -> dict[str, Any]:
    inner = {"kind": "tool", "tool": "code",
             "arguments": {"program": "1", "input": ITEM}}  # fmt: skip
    return {"name": "each", "kind": "map", "items": items, "step": inner, **fields}


def test_a_map_joins_its_items_in_order(make_run: RunMaker) -> None:
    run = Drive(make_run([each()], {"list": ["a", "b", "c"]})).to_the_end()
    assert run.status == "COMPLETED"
    values = [item["value"] for item in run.output["each"]["items"]]
    assert values == [{"of": "a", "at": 0}, {"of": "b", "at": 1}, {"of": "c", "at": 2}]
    assert run.output["each"]["failed"] == []


def test_a_map_works_on_max_parallel_items_at_a_time(make_run: RunMaker) -> None:
    seen: list[int] = []

    def count(arguments: dict[str, Any]) -> Any:
        live = Step.objects.filter(run=run, item_index__gte=0, status__in=("QUEUED", "WAITING"))
        seen.append(live.count())
        return 1

    run = make_run([each(max_parallel=3)], {"list": list(range(10))})
    assert Drive(run, count).to_the_end().status == "COMPLETED"
    assert max(seen) == 3
    assert len(seen) == 10


def test_a_map_over_nothing_is_over(make_run: RunMaker) -> None:
    run = Drive(make_run([each(), code("after")], {"list": []})).to_the_end()
    assert (run.status, step_of(run, "each").output) == ("COMPLETED", {"items": [], "failed": []})


def fail_odd(arguments: dict[str, Any]) -> Any:
    return broken("odd") if arguments["input"]["of"] % 2 else arguments["input"]["of"]


def test_tolerated_failures_are_told_beside_what_went_well(make_run: RunMaker) -> None:
    run = make_run([each(tolerated_failures=2)], {"list": [0, 1, 2, 3]})
    output = Drive(run, fail_odd).to_the_end().output["each"]
    assert [item and item["value"] for item in output["items"]] == [0, None, 2, None]
    assert [(one["index"], one["code"]) for one in output["failed"]] == [
        (1, "broken"),
        (3, "broken"),
    ]


def test_one_failure_too_many_fails_the_map_and_cancels_the_rest(make_run: RunMaker) -> None:
    run = make_run([each(max_parallel=1)], {"list": [0, 1, 2, 3]})
    run = Drive(run, fail_odd).to_the_end()
    assert (run.status, run.error["code"]) == ("FAILED", "items_failed")
    assert "item 1" in run.error["detail"]
    assert items_of(run, "each") == ["SUCCESS", "FAILED", "CANCELLED", "CANCELLED"]


@pytest.mark.parametrize(
    ("given", "says"), [(5, "int"), ("text", "str"), (list(range(10_001)), "10000 is the most")]
)
def test_a_map_over_what_is_no_list_or_too_long_fails(
    make_run: RunMaker, given: Any, says: str
) -> None:
    run = Drive(make_run([each()], {"list": given})).to_the_end()
    assert run.status == "FAILED"
    assert says in run.error["detail"]
    assert items_of(run, "each") == []


def test_an_item_is_retried_by_itself(make_run: RunMaker) -> None:
    from agentplatform.calls.contracts import CallFailure

    tries: list[int] = []

    def flaky(arguments: dict[str, Any]) -> Any:
        tries.append(arguments["input"]["of"])
        if tries.count(1) == 1 and arguments["input"]["of"] == 1:
            return CallFailure(code="busy", detail="busy", is_retryable=True)
        return 1

    run = Drive(make_run([each()], {"list": [0, 1]}), flaky).to_the_end()
    assert run.status == "COMPLETED"
    assert sorted(tries) == [0, 1, 1]


def test_cancelling_a_run_cancels_the_items_of_its_maps(make_run: RunMaker) -> None:
    run = make_run([each()], {"list": [1, 2, 3]})
    drive = Drive(run)
    drive._deliver = lambda _run: None  # type: ignore[method-assign]
    from apps.runs.services.advance_run import advance_run

    advance_run(run_id=run.id, at=drive.at)
    cancel_run(run_id=run.id, at=drive.at)
    assert items_of(run, "each") == ["CANCELLED"] * 3


# Waits


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


# Approvals


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


# Child runs


def task_of(run: Run, name: str, steps: list[dict[str, Any]], **spec: Any) -> None:
    create_task(
        tenant_id=run.tenant_id,
        name=name,
        description="",
        spec={"steps": steps, **spec},
        created_by=None,
        at=run.created_at,
    )


CHILD = {"name": "child", "kind": "run", "task": "inner", "input": {"n": "{{ input.n }}"}}


def test_a_child_runs_output_is_its_steps(make_run: RunMaker) -> None:
    run = make_run([CHILD], {"n": 7})
    task_of(
        run, "inner", [code("a", "{{ input.n }}")], output={"got": "{{ steps.a.output.value }}"}
    )
    run = Drive(run).to_the_end()
    child = Run.objects.get(parent_run=run)
    assert (run.status, run.output) == ("COMPLETED", {"child": {"got": 7}})
    assert (child.depth, child.status, child.trace_id) == (1, "COMPLETED", run.trace_id)


def test_a_child_run_that_fails_fails_its_step(make_run: RunMaker) -> None:
    run = make_run([CHILD], {"n": 7})
    task_of(run, "inner", [code("a")])
    run = Drive(run, lambda _: broken("no luck")).to_the_end()
    assert (run.status, run.error["code"]) == ("FAILED", "child_run_failed")
    assert "no luck" in run.error["detail"]


def test_what_keeps_a_child_from_starting_fails_its_step(make_run: RunMaker) -> None:
    run = Drive(make_run([CHILD], {"n": 7})).to_the_end()
    assert (run.status, run.error["code"]) == ("FAILED", "no_such_task")
    run = make_run([CHILD], {"n": 7})
    task_of(run, "inner", [code("a")], inputs={"properties": {"n": {"type": "string"}}})
    run = Drive(run).to_the_end()
    assert (run.status, run.error["code"]) == ("FAILED", "invalid_input")


def test_runs_cannot_be_nested_without_end(make_run: RunMaker) -> None:
    run = make_run([CHILD], {"n": 7})
    task_of(run, "inner", [{**CHILD, "name": "again"}])
    run = Drive(run).to_the_end()
    assert run.status == "FAILED"
    assert "nested at most" in Run.objects.order_by("-depth")[0].error["detail"]
    assert Run.objects.count() == 6


def test_cancelling_a_run_cancels_its_children(make_run: RunMaker) -> None:
    run = make_run([CHILD], {"n": 7})
    task_of(run, "inner", [{"name": "w", "kind": "wait", "seconds": 1000}])
    drive = Drive(run)
    drive.until_still()
    cancel_run(run_id=run.id, at=drive.at)
    drive.until_still()
    assert set(Run.objects.values_list("status", flat=True)) == {"CANCELLED"}


def test_a_map_may_run_a_child_for_each_item(make_run: RunMaker) -> None:
    inner = {"kind": "run", "task": "inner", "input": {"n": "{{ item }}"}}
    step = {"name": "all", "kind": "map", "items": "input.list", "step": inner, "max_parallel": 2}
    run = make_run([step], {"list": [1, 2, 3, 4, 5]})
    task_of(run, "inner", [code("a", "{{ input.n }}")], output="{{ steps.a.output.value }}")
    run = Drive(run).to_the_end()
    assert (run.status, run.output["all"]["items"]) == ("COMPLETED", [1, 2, 3, 4, 5])


# Time limits, and making good


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


# Retry and fork


def test_a_retry_takes_over_what_ended_well(make_run: RunMaker) -> None:
    made: list[Any] = []

    def answer(arguments: dict[str, Any]) -> Any:
        made.append(arguments["input"])
        is_first = made.count("b") == 1 and arguments["input"] == "b"
        return broken("first time") if is_first else arguments["input"]

    run = make_run([code("a", "a"), code("b", "b"), code("c", "c")])
    run = Drive(run, answer).to_the_end()
    assert run.status == "FAILED"
    retried = retry_run(run=run, created_by=None, at=run.created_at)
    again = Drive(retried, answer).to_the_end()
    assert (again.status, again.forked_from_id) == ("COMPLETED", run.id)
    assert made == ["a", "b", "b", "c"]
    with pytest.raises(Conflict, match="COMPLETED"):
        retry_run(run=again, created_by=None, at=run.created_at)


def test_a_fork_takes_a_step_again_with_another_input(make_run: RunMaker) -> None:
    steps = [code("a", "{{ input.n }}"), code("b", "{{ input.n }}"),
             code("c", "{{ [steps.a.output.value, steps.b.output.value] }}")]  # fmt: skip
    run = Drive(make_run(steps, {"n": 1})).to_the_end()
    fork = fork_run(run=run, step="b", given={"n": 2}, created_by=None, at=run.created_at)
    fork = Drive(fork).to_the_end()
    assert fork.output["c"]["value"] == [1, 2]
    assert ToolCall.objects.filter(run_id=fork.id).count() == 2
    assert kinds_of(fork)[:2] == ["run.pending", "run.forked"]
    with pytest.raises(InvalidInput):
        fork_run(run=run, step="z", created_by=None, at=run.created_at)


def test_a_fork_takes_over_the_items_of_a_map(make_run: RunMaker) -> None:
    after = code("after", "{{ length(steps.each.output.items) }}")
    run = Drive(make_run([each(), after], {"list": [1, 2]})).to_the_end()
    fork = Drive(fork_run(run=run, step="after", created_by=None, at=run.created_at)).to_the_end()
    assert (fork.status, fork.output["after"]["value"]) == ("COMPLETED", 2)
    assert items_of(fork, "each") == ["SUCCESS", "SUCCESS"]


def test_a_fork_waits_for_what_comes_before_its_step(make_run: RunMaker) -> None:
    drive = Drive(make_run([{"name": "w", "kind": "wait", "seconds": 10}, code("b")]))
    drive.until_still()
    with pytest.raises(Conflict, match="not over yet"):
        fork_run(run=drive.run, step="b", created_by=None, at=drive.at)
