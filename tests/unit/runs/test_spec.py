"""What is wrong with a spec is said before it runs, by step and field, all at once."""

from typing import Any

import pytest

from agentplatform.embedded.sample import build_spec
from apps.runs.contracts import InvalidSpec
from apps.runs.spec.check import parse_spec
from apps.runs.spec.check_catalogue import Catalogue
from apps.runs.spec.document import Spec

CATALOGUE = Catalogue(
    tools=frozenset({"code", "browser", "http"}),
    graphs=frozenset({"react"}),
    is_known_model=lambda alias: alias in {"default", "openai:gpt-4o"},
    known_tasks=lambda names: names & {"enrich"},
    find_parameters=lambda names: dict.fromkeys(names & {"code"}, CODE),
)
CODE = {"type": "object", "required": ["program"], "additionalProperties": False,
        "properties": {"program": {"type": "string"}, "input": {}, "files": {},
                       "limits": {"properties": {"cpus": {"type": "number"}}}}}  # fmt: skip


def parse(*steps: dict[str, Any], **fields: Any) -> Spec:
    return parse_spec({"steps": list(steps), **fields}, catalogue=CATALOGUE)


def errors_of(*steps: dict[str, Any], **fields: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidSpec) as caught:
        parse(*steps, **fields)
    return caught.value.errors


def llm(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "llm", "prompt": "Hello", **fields}


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


def wait(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": "wait", "seconds": 1, **fields}


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


def test_arguments_that_break_the_schema_of_their_tool_whatever_templates_give_are_refused() -> (
    None
):
    bound = {"name": "look", "description": "d", "parameters": {}, "tool": "code"}
    errors = errors_of(
        {"name": "t", "kind": "tool", "tool": "code",
         "arguments": {"program": 3, "limits": {"cpus": "two"}, "inptu": "{{ input.x }}"}},
        {"name": "u", "kind": "tool", "tool": "code",
         "arguments": {"program": "{{ input.x }}", "limits": {"cpus": "{{ input.y }}"}}},
        agent(bound),
    )  # fmt: skip
    assert {path: said for path, (said,) in errors.items()} == {
        "steps.t.arguments.program": "3 is not of type 'string'",
        "steps.t.arguments.limits.cpus": "'two' is not of type 'number'",
        "steps.t.arguments": "Additional properties are not allowed ('inptu' was unexpected)",
        "steps.a.tools[0].arguments": "'program' is a required property",
    }


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


def test_unknown_tools_models_and_graphs_are_refused() -> None:
    errors = errors_of(
        {"name": "t", "kind": "tool", "tool": "shell"},
        llm("l", model="gpt-99"),
        {"name": "a", "kind": "agent", "instructions": "i", "prompt": "p", "graph": "g",
         "tools": ["shell"]},
    )  # fmt: skip
    assert set(errors) == {"steps.t.tool", "steps.l.model", "steps.a.graph", "steps.a.tools[0]"}


def test_a_response_schema_that_is_no_schema_is_refused() -> None:
    assert "steps.a.response_schema" in errors_of(llm("a", response_schema={"type": "nothing"}))


def test_only_tools_of_a_built_in_agent_can_need_approval() -> None:
    agents = {"kind": "agent", "instructions": "i", "prompt": "p", "tools": ["code"]}
    crew = {"kind": "crew", "needs_approval": ["code", "browser"],
            "agents": [{"name": "x", "role": "r", "goal": "g", "tools": ["code"]}],
            "tasks": [{"name": "t", "description": "d", "expected_output": "o", "agent": "x"}],
            }  # fmt: skip
    errors = errors_of(
        {"name": "a", **agents, "needs_approval": ["code", "http"]},
        {"name": "c", **crew},
    )
    assert errors == {
        "steps.a.needs_approval": ["the step has no tool `http`"],
        "steps.c.needs_approval": ["the step has no tool `browser`"],
    }


def agent(*tools: Any, **fields: Any) -> dict[str, Any]:
    return {"name": "a", "kind": "agent", "instructions": "i", "prompt": "p",
            "tools": list(tools), **fields}  # fmt: skip


def test_an_agent_may_offer_tasks_of_the_tenant_as_tools() -> None:
    spec = parse(agent({"task": "enrich"}, {"task": "enrich", "name": "other"}, "code"))
    assert spec.has_children
    assert not parse(agent("code")).has_children


def test_unknown_tasks_are_all_named_where_they_are_offered() -> None:
    crew = {"name": "c", "kind": "crew",
            "agents": [{"name": "x", "role": "r", "goal": "g", "tools": [{"task": "second"}]}],
            "tasks": [{"name": "t", "description": "d", "expected_output": "o", "agent": "x"}],
            }  # fmt: skip
    errors = errors_of(agent({"task": "enrich"}, {"task": "first"}), crew)
    assert errors == {
        "steps.a.tools[1].task": ["there is no task named `first`; create it first"],
        "steps.c.agents.x.tools[0].task": ["there is no task named `second`; create it first"],
    }


def test_a_task_and_a_tool_of_one_name_are_refused() -> None:
    clash = agent({"task": "enrich", "name": "code"}, "code")
    assert errors_of(clash) == {"steps.a.tools": ["two tools have the name `code`"]}


def test_a_task_that_no_model_can_call_by_its_name_needs_another() -> None:
    (said,) = errors_of(agent({"task": "Enrich a customer"}))["steps.a.tools.0.task"]
    assert "give it a `name`" in said


def test_what_is_wrong_with_a_tool_is_said_of_its_own_form() -> None:
    errors = errors_of(agent({"task": "enrich", "tokens": 1}, {"name": "look", "tool": "code"}, 7))
    assert set(errors) == {
        "steps.a.tools.0.task.tokens",
        "steps.a.tools.1.bound.description",
        "steps.a.tools.1.bound.parameters",
        "steps.a.tools.2.name",
    }


def test_what_a_tool_shows_must_be_an_expression() -> None:
    assert "steps.a.tools[0].show" in errors_of(agent({"task": "enrich", "show": "a.."}))


def test_an_agent_that_must_use_tools_needs_one() -> None:
    errors = errors_of({"name": "a", "kind": "agent", "instructions": "i", "prompt": "p",
                        "min_turns": 1})  # fmt: skip
    assert "steps.a.min_turns" in errors


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
