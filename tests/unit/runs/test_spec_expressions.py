"""What expressions may read is known before a run begins."""

from typing import Any

import pytest

from tests.unit.runs.specs import errors_of, llm, parse, wait

CLOSED = {"type": "object", "properties": {"topic": {}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("step", "expression", "said"),
    [
        (wait("s"), "steps.s.outpt", "status, output, error"),
        (wait("s"), "steps.s.output.until", "waited_until"),
        (wait("s", seconds=None, signal=True), "steps.s.output.payload", "signal, timed_out"),
        (llm("s"), "length(steps.s.output.txt)", "`txt` of the output of step `s`; there are text"),
        (llm("s", response_schema=CLOSED), "steps.s.output.text", "topic"),
        (wait("s"), "run.name", "id, tenant_id, created_at"),
        (wait("s"), "input.tpoic || 'x'", "`tpoic` of the input; there are topic"),
        (wait("s"), "foo(input)", "there is no function `foo`"),
    ],
)
def test_an_expression_that_reads_what_is_never_there_is_refused(
    step: dict[str, Any], expression: str, said: str
) -> None:
    errors = errors_of(step, llm("a", prompt=f"{{{{ {expression} }}}}"), inputs=CLOSED)
    assert said in errors["steps.a.prompt"][0]


def test_an_expression_may_read_what_nobody_knows_beforehand() -> None:
    open_schema = {"type": "object", "properties": {"n": {}}}
    assert parse(
        llm("s", response_schema=open_schema),
        {"name": "t", "kind": "tool", "tool": "code", "arguments": {"program": "1"}},
        llm("a", prompt="{{ steps.s.output.m }} {{ steps.t.output.x.y }} {{ input.z }}"),
        inputs=open_schema,
    )


def test_braces_are_closed_and_left_out_where_an_expression_stands_alone() -> None:
    errors = errors_of(
        llm("a", prompt="{{ input.x }} {{ input.y", when="{{ input.x }}"),
        llm("b", prompt=r"\{{ input.y"),
    )
    assert "never closed" in errors["steps.a.prompt"][0]
    assert "without the braces" in errors["steps.a.when"][0]
    assert len(errors) == 2


def test_the_input_of_a_run_is_an_object_and_a_time_to_wait_a_number() -> None:
    errors = errors_of(wait("a", seconds="1h"), inputs={"type": "array"})
    assert set(errors) == {"inputs", "steps.a.seconds"}
    assert parse(wait("a", seconds="{{ input.seconds }}"))


def test_an_expression_that_reads_an_unknown_step_is_refused() -> None:
    errors = errors_of(llm("a", prompt="{{ steps.zzz.output }}"))
    assert "zzz" in errors["steps.a.prompt"][0]


def test_an_expression_that_reads_a_step_that_is_not_over_is_refused() -> None:
    errors = errors_of(llm("a", prompt="{{ steps.b.output }}"), llm("b"))
    assert "needs" in errors["steps.a.prompt"][0]


def test_an_expression_that_reads_an_unknown_root_lists_the_roots() -> None:
    assert "input, run, steps" in errors_of(llm("a", when="secrets.x"))["steps.a.when"][0]


def test_an_expression_that_does_not_parse_is_refused() -> None:
    assert "steps.a.prompt" in errors_of(llm("a", prompt="{{ input.. }}"))
