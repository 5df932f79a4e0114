"""Maps over a list."""

from typing import Any

import pytest

from agentplatform.calls.claim import claim_row
from agentplatform.calls.move import finish_row
from apps.gateway.models import LlmCall
from apps.runs.models import Run, RunEvent, Step
from apps.runs.services.cancel_run import cancel_run
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import code, each, items_of, task_of


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


def test_the_timeline_says_which_item_an_event_is_of(make_run: RunMaker) -> None:
    run = Drive(make_run([each(max_parallel=1)], {"list": ["a", "b"]})).to_the_end()
    ends = RunEvent.objects.filter(run=run, kind="step.success").order_by("seq")
    assert list(ends.values_list("step_name", "item")) == [("each", 0), ("each", 1), ("each", None)]


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


AGENT = {"kind": "agent", "instructions": "x", "prompt": "{{ item }}"}


def test_an_item_out_of_time_leaves_the_others_alone(make_run: RunMaker) -> None:
    wait_for_model = {**AGENT, "timeout_seconds": 30}
    steps = [each(step=wait_for_model, max_parallel=1, tolerated_failures=5)]
    drive = Drive(make_run(steps, {"list": [1, 2]}))
    drive.until_still()
    assert items_of(drive.run, "each") == ["WAITING", "PENDING"]
    drive.pass_time(30).until_still()
    assert items_of(drive.run, "each") == ["FAILED", "WAITING"]
    assert calls_of(drive.run) == ["CANCELLED", "QUEUED"]
    run = drive.pass_time(30).until_still()
    assert (run.status, items_of(run, "each")) == ("COMPLETED", ["FAILED", "FAILED"])
    failed = run.output["each"]["failed"]
    assert [(item["index"], item["code"]) for item in failed] == [(0, "timeout"), (1, "timeout")]


def test_an_item_whose_child_run_is_out_of_time_cancels_no_other_child(make_run: RunMaker) -> None:
    inner = {"kind": "run", "task": "inner", "input": {"n": "{{ item }}"}, "timeout_seconds": 30}
    steps = [each(step=inner, max_parallel=1, tolerated_failures=5)]
    run = make_run(steps, {"list": [1, 2]})
    task_of(run, "inner", [{"name": "w", "kind": "wait", "seconds": 1000}])
    drive = Drive(run)
    drive.until_still()
    drive.pass_time(30).until_still()
    children = Run.objects.filter(parent_run=run).order_by("id")
    assert list(children.values_list("status", flat=True)) == ["CANCELLED", "RUNNING"]


def test_a_map_that_gives_up_takes_back_the_calls_of_its_items(make_run: RunMaker) -> None:
    steps = [each(step=AGENT, max_parallel=3, on_failure="continue")]
    drive = Drive(make_run(steps, {"list": [1, 2, 3]}))
    drive.until_still()
    assert calls_of(drive.run) == ["QUEUED"] * 3
    first = LlmCall.objects.filter(run_id=drive.run.id).order_by("created_at", "id")[0]
    claimed = claim_row(LlmCall, call_id=first.id, at=drive.at)
    assert claimed is not None
    finish_row(claimed, to="FAILED", at=drive.at, failure=broken("no"))
    run = drive.until_still()
    assert (run.status, step_of(run, "each").error["code"]) == ("COMPLETED", "items_failed")
    assert sorted(calls_of(run)) == ["CANCELLED", "CANCELLED", "FAILED"]


def calls_of(run: Run) -> list[str]:
    calls = LlmCall.objects.filter(run_id=run.id).order_by("created_at", "id")
    return list(calls.values_list("status", flat=True))
