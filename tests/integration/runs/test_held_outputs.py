"""What the steps of one run hold is bounded together."""

import pytest
from pytest_django import Settings

from agentplatform.core.clock import now
from apps.runs.models import Checkpoint, Run
from apps.runs.services.fork_run import retry_run
from tests.integration.runs.conftest import RunMaker
from tests.integration.runs.drive import Drive, Model
from tests.integration.runs.kinds import CHILD, code, each, items_of, statuses, task_of

BIG = "x" * 900


@pytest.fixture(autouse=True)
def _a_small_limit(settings: Settings) -> None:
    small = {"run_output_limit_bytes": 3000}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=small)


def test_the_step_whose_output_is_one_too_many_fails_and_says_what_the_limit_is(
    make_run: RunMaker,
) -> None:
    run = Drive(make_run([code(name, BIG) for name in "abcd"])).to_the_end()
    assert statuses(run) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS", "d": "FAILED"}
    assert (run.status, run.error["code"], run.error["step"]) == ("FAILED", "output_too_large", "d")
    assert "RUN_OUTPUT_LIMIT_BYTES is 3000" in run.error["detail"]


def test_the_items_of_a_map_and_their_outputs_count_and_what_they_are_joined_to_does_not(
    make_run: RunMaker,
) -> None:
    run = Drive(make_run([each()], {"list": [BIG]})).to_the_end()
    assert run.status == "COMPLETED"
    run = Drive(make_run([each()], {"list": [BIG] * 2})).to_the_end()
    assert (run.status, items_of(run, "each")) == ("FAILED", ["SUCCESS", "FAILED"])
    assert "RUN_OUTPUT_LIMIT_BYTES is 3000" in run.error["detail"]
    run = Drive(make_run([each()], {"list": [BIG] * 4})).to_the_end()
    assert (run.error["code"], items_of(run, "each")) == ("output_too_large", [])


def test_the_output_of_a_child_run_counts_for_its_parent(make_run: RunMaker) -> None:
    run = make_run([code("a", BIG), CHILD], {"n": BIG})
    task_of(run, "inner", [code("a", "{{ input.n }}")], output=["{{ input.n }}"] * 3)
    run = Drive(run).to_the_end()
    assert (run.status, run.error["code"]) == ("FAILED", "output_too_large")
    assert Run.objects.get(parent_run=run).status == "COMPLETED"


def test_what_a_retry_takes_over_counts(make_run: RunMaker, settings: Settings) -> None:
    run = Drive(make_run([code(name, BIG) for name in "abcd"])).to_the_end()
    again = Drive(retry_run(run=run, created_by=None, at=now())).to_the_end()
    assert (again.status, again.held_bytes) == ("FAILED", run.held_bytes)
    larger = {"run_output_limit_bytes": 5000}
    settings.PLATFORM = settings.PLATFORM.model_copy(update=larger)
    assert Drive(retry_run(run=run, created_by=None, at=now())).to_the_end().status == "COMPLETED"


def test_an_agent_that_is_told_more_than_fits_fails(make_run: RunMaker) -> None:
    agent = {"name": "a", "kind": "agent", "instructions": "i", "prompt": "p", "tools": ["code"]}
    calls = [{"name": "code", "arguments": {"program": BIG}}] * 3
    run = Drive(make_run([agent]), say=Model(*calls)).to_the_end()
    assert (run.status, run.error["code"]) == ("FAILED", "output_too_large")
    assert "RUN_OUTPUT_LIMIT_BYTES is 3000" in run.error["detail"]
    assert not Checkpoint.objects.filter(step__run=run).exclude(turn=0).exists()
