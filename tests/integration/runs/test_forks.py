"""Runs that start where another one stood."""

from typing import Any

import pytest

from agentplatform.core.errors import Conflict, InvalidInput
from apps.runs.models import Run
from apps.runs.services.fork_run import fork_run, retry_run
from apps.runs.services.make_once import make_once
from apps.tools.models import ToolCall
from tests.integration.runs.conftest import RunMaker, kinds_of
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import code, each, items_of, statuses


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


def fail_b(arguments: dict[str, Any]) -> Any:
    return broken("no") if arguments["input"] == "b" else arguments["input"]


def test_a_fork_takes_a_failed_step_beside_it_again(make_run: RunMaker) -> None:
    steps = [code("a", "a", needs=[]), code("b", "b", needs=[]), code("c", "c", needs=["a"])]
    run = Drive(make_run(steps), fail_b).to_the_end()
    assert run.status == "FAILED"
    fork = Drive(fork_run(run=run, step="a", created_by=None, at=run.created_at)).to_the_end()
    assert fork.status == "COMPLETED"
    assert statuses(fork) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SUCCESS"}


def test_a_fork_keeps_a_failure_that_the_run_went_on_after(make_run: RunMaker) -> None:
    steps = [code("b", "b", on_failure="continue"), code("c", "c")]
    run = Drive(make_run(steps), fail_b).to_the_end()
    assert run.status == "COMPLETED"
    fork = Drive(fork_run(run=run, step="c", created_by=None, at=run.created_at)).to_the_end()
    assert statuses(fork) == {"b": "FAILED", "c": "SUCCESS"}


def test_of_two_requests_with_one_key_at_once_the_later_finds_the_run_of_the_other(
    make_run: RunMaker,
) -> None:
    run = Drive(make_run([code("a")])).to_the_end()
    made: list[Run] = []

    def make(**key: Any) -> Run:
        for _ in range(2):
            made.append(fork_run(run=run, step="a", created_by=None, at=run.created_at, **key))
        return made[-1]

    found, is_new = make_once(make, tenant_id=run.tenant_id, key="k", request=["fork"])
    assert ([found], is_new) == (made, False)
