"""What is wrong with a spec is said before it runs, by step and field, all at once."""

from typing import Any

import pytest

from agentplatform.embedded.sample import build_spec
from apps.runs.contracts import InvalidSpec
from apps.runs.spec.check import parse_spec
from apps.runs.spec.document import Spec
from tests.unit.runs.specs import CATALOGUE, agent, errors_of, llm, parse


def test_the_sample_spec_is_valid() -> None:
    spec = parse_spec(build_spec(), catalogue=CATALOGUE)
    assert [step.name for step in spec.steps] == [
        "profile", "quality", "repair", "explore", "report", "page",
    ]  # fmt: skip


def test_a_step_without_needs_follows_the_step_before_it() -> None:
    assert parse(llm("a"), llm("b"), llm("c", needs=[])).needs == {"a": (), "b": ("a",), "c": ()}


def test_a_step_that_a_branch_lists_needs_the_decision() -> None:
    spec = parse(
        {"name": "d", "kind": "decision", "branches": [{"name": "x", "when": "input.x",
                                                        "next": ["b"]}]},
        llm("a"),
        llm("b", needs=[]),
    )  # fmt: skip
    assert spec.needs["b"] == ("d",)


def test_leaves_are_the_steps_that_nobody_needs() -> None:
    assert parse(llm("a"), llm("b"), llm("c", needs=["a"])).leaves == ("b", "c")


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidSpec):
        parse_spec([1, 2], catalogue=CATALOGUE)


def test_an_error_of_shape_names_step_and_field() -> None:
    assert errors_of(llm("report", max_tokens=0)) == {
        "steps.report.max_tokens": ["Input should be greater than or equal to 1"]
    }


def test_an_unknown_field_is_refused_by_name() -> None:
    assert "steps.report.promt" in errors_of(llm("report", promt="x"))


def test_an_unknown_kind_lists_the_kinds() -> None:
    errors = errors_of({"name": "a", "kind": "shell"})
    assert errors == {
        "steps.a.kind": [
            "There is no kind `shell`; there are llm, tool, agent, crew, decision, wait, approval, "
            "run, map"
        ]
    }


def test_two_steps_of_one_name_are_refused() -> None:
    assert set(errors_of(llm("a"), llm("a"))) == {"steps.a.name"}


@pytest.mark.parametrize(
    ("step", "path", "said"),
    [
        ({"name": "a", "kind": "wait"}, "steps.a", "give either `seconds` or `signal: true`"),
        ({"kind": None}, "steps.a.kind", "There is no kind `None`"),
        ({"needs": "b"}, "steps.a.needs", "Input should be a list"),
        ({"retry": 3}, "steps.a.retry", "Input should be an object"),
        ({"on_failure": {"go": "b"}}, "steps.a.on_failure.goto", "Field required"),
        ({"on_failure": "stop"}, "steps.a.on_failure", "Input should be 'fail_run' or 'continue'"),
        ({"timeout": 3}, "steps.a.timeout", "of the kind `llm` there are name, needs, when, retry"),
        ({"kind": "map", "items": 3}, "steps.a.items", "Input should be a valid string"),
        ({"kind": "map", "items": [1], "step": {"kind": "map"}}, "steps.a.step.kind",
         "There is no kind `map`; there are llm, tool, agent, crew, run"),
        ({"kind": "map", "items": "x", "step": {"kind": "llm", "name": "b"}}, "steps.a",
         "`step` takes no name; the map has them"),
    ],
)  # fmt: skip
def test_an_error_of_shape_is_told_in_plain_words(
    step: dict[str, Any], path: str, said: str
) -> None:
    assert said in errors_of(step if "name" in step else {**llm("a"), **step})[path][0]


def test_an_unknown_need_is_named() -> None:
    assert errors_of(llm("a", needs=["b"])) == {"steps.a.needs": ["there is no step `b`"]}


def test_a_cycle_is_named_at_its_steps_and_not_at_what_waits_for_it() -> None:
    errors = errors_of(llm("a", needs=["b"]), llm("b", needs=["a"]), llm("c", needs=["b"]))
    assert set(errors) == {"steps.a.needs", "steps.b.needs"}


def test_a_cycle_is_told_as_the_way_that_it_takes() -> None:
    goes_back = errors_of(llm("undo"), llm("a", on_failure={"goto": "undo"}))
    assert "`a` needs `undo`, `undo` needs `a`" in goes_back["steps.a.needs"][0]
    assert "`b` needs `b`" in errors_of(llm("b", needs=["b"]))["steps.b.needs"][0]


def test_a_response_schema_that_is_no_schema_is_refused() -> None:
    assert "steps.a.response_schema" in errors_of(llm("a", response_schema={"type": "nothing"}))


def test_every_error_is_told_at_once() -> None:
    errors = errors_of(llm("a", needs=["x"], model="y"), llm("a", when="input.."))
    assert {"steps.a.needs", "steps.a.model", "steps.a.name", "steps.a.when"} <= set(errors)


def test_errors_of_shape_do_not_hide_the_others() -> None:
    errors = errors_of(
        llm("a", needs=["x"], max_tokens=0, model="y"),
        agent("shell", name="b", max_turns=0, prompt="{{ steps.a.output.text }}"),
        {"name": "c", "kind": "llm"},
        llm("d", prompt="{{ steps.c.output.n }} {{ steps.e.output }}"),
        defaults={"token_budget": 0},
    )
    assert set(errors) == {
        "defaults.token_budget", "steps.a.needs", "steps.a.max_tokens", "steps.a.model",
        "steps.b.max_turns", "steps.b.tools[0]", "steps.c.prompt", "steps.d.prompt",
    }  # fmt: skip
    assert len(errors["steps.d.prompt"]) == 1


@pytest.mark.parametrize(
    "step", [{"needs": "b"}, {"name": "A"}, {"kind": "decison", "branches": []}, 7]
)
def test_where_the_order_of_steps_is_not_known_nothing_is_said_of_it(step: Any) -> None:
    wrong = {**llm("a"), **step} if isinstance(step, dict) else step
    errors = errors_of(wrong, llm("b", prompt="{{ steps.c.output }}"), llm("c"))
    assert len(errors) == 1


def test_the_published_schema_describes_every_field_of_every_kind() -> None:
    schema = Spec.model_json_schema()
    definitions = schema["$defs"]
    assert {"LlmStep", "ToolStep", "AgentStep", "CrewStep", "DecisionStep"} <= set(definitions)
    silent = [
        f"{name}.{field}"
        for name, definition in ({"Spec": schema} | definitions).items()
        for field, told in definition.get("properties", {}).items()
        if field != "kind" and "description" not in told
    ]
    assert silent == []


def test_a_spec_with_endless_errors_is_told_the_first_hundred() -> None:
    with pytest.raises(InvalidSpec, match="first 100") as caught:
        parse(*[0] * 5000)  # type: ignore[list-item]
    assert len(caught.value.errors) == 100


def test_options_of_a_question_differ() -> None:
    question = {"name": "q", "kind": "approval", "question": "Which?", "options": ["x", "y", "x"]}
    assert errors_of(question) == {"steps.q.options": ["two options are the same"]}
