"""Runs of another task as steps."""

from pytest_django import Settings

from apps.runs.models import Run
from apps.runs.services.cancel_run import cancel_run
from tests.integration.runs.conftest import RunMaker
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import CHILD, code, task_of


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


def test_the_runs_within_a_run_are_limited_at_all_depths_together(
    make_run: RunMaker, settings: Settings
) -> None:
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"run_children_limit": 7})
    inner = {"kind": "run", "task": "inner"}
    step = {"name": "all", "kind": "map", "items": [1, 2], "step": inner, "max_parallel": 2}
    run = make_run([step])
    task_of(run, "inner", [step])
    run = Drive(run).to_the_end()
    assert (run.status, Run.objects.filter(root_run_id=run.id).count()) == ("FAILED", 7)
    assert "RUN_CHILDREN_LIMIT" in run.error["detail"]


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
