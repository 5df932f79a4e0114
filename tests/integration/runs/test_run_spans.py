"""A run and its steps are spans of one trace, where somebody wants spans."""

from collections.abc import Iterator
from typing import Any

import pytest

from agentplatform.telemetry.tracing import stop_tracing
from apps.runs.models import Run
from tests.collector import Collector, attributes, traced
from tests.integration.runs.conftest import RunMaker, step_of
from tests.integration.runs.drive import Drive, broken
from tests.integration.runs.kinds import code, each, task_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with traced(monkeypatch) as running:
        yield running


def spans(collector: Collector) -> dict[str, list[Any]]:
    """Those of this process so far, by name."""
    stop_tracing()
    found: dict[str, list[Any]] = {}
    for one in collector.spans:
        found.setdefault(one.name, []).append(one)
    return found


def test_a_runs_span_holds_its_steps_and_a_maps_its_items(
    make_run: RunMaker, collector: Collector
) -> None:
    made = make_run([code("first"), each()], {"list": ["a", "b"]}, trace_id=TRACE)
    run = Drive(made).to_the_end()
    told = spans(collector)
    [of_run], [first], [*items, of_map] = told["run"], told["step first"], told["step each"]
    assert {one.trace_id.hex() for one in (of_run, first, *items, of_map)} == {TRACE}
    assert of_run.parent_span_id == b""
    assert {one.parent_span_id for one in (first, of_map)} == {of_run.span_id}
    assert {one.parent_span_id for one in items} == {of_map.span_id}
    assert first.span_id == step_of(run, "first").id.bytes[8:]
    assert of_run.start_time_unix_nano <= first.start_time_unix_nano
    assert first.end_time_unix_nano <= of_run.end_time_unix_nano
    assert attributes(first) == {
        "agentplatform.tenant_id": str(run.tenant_id),
        "agentplatform.run_id": str(run.id),
        "agentplatform.step_id": str(step_of(run, "first").id),
        "agentplatform.step": "first",
        "agentplatform.kind": "tool",
        "agentplatform.attempt": 1,
        "agentplatform.status": "SUCCESS",
        "agentplatform.tokens_used": 0,
    }
    assert [attributes(one)["agentplatform.item"] for one in items] == [0, 1]


def test_a_failure_is_on_the_span_with_its_code_and_what_never_began_is_none(
    make_run: RunMaker, collector: Collector
) -> None:
    made = make_run([code("first"), code("second")], trace_id=TRACE)
    Drive(made, lambda _: broken("Of a person's words nothing.")).to_the_end()
    told = spans(collector)
    assert set(told) == {"run", "step first"}
    for [one] in told.values():
        assert attributes(one)["error.type"] == one.status.message == "broken"


def test_a_child_runs_span_is_within_the_step_that_started_it(
    make_run: RunMaker, collector: Collector
) -> None:
    run = make_run([{"name": "outer", "kind": "run", "task": "inner"}], trace_id=TRACE)
    task_of(run, "inner", [code("inside")])
    Drive(run).to_the_end()
    told = spans(collector)
    [child] = [one for one in told["run"] if one.parent_span_id]
    assert child.parent_span_id == told["step outer"][0].span_id
    assert told["step inside"][0].parent_span_id == child.span_id
    assert child.span_id == Run.objects.get(parent_run=run).id.bytes[8:]
