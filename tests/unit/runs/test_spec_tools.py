"""The tools of a spec are there, and are called as they can be."""

from tests.unit.runs.specs import agent, errors_of, llm, parse


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
        "steps.t.arguments": "Additional properties are not allowed ('inptu' was unexpected); there"
        " are program, input, files, limits",
        "steps.a.tools[0].arguments": "'program' is a required property",
    }


def test_unknown_tools_models_and_graphs_are_refused() -> None:
    errors = errors_of(
        {"name": "t", "kind": "tool", "tool": "shell"},
        llm("l", model="gpt-99"),
        {"name": "a", "kind": "agent", "instructions": "i", "prompt": "p", "graph": "g",
         "tools": ["shell"]},
    )  # fmt: skip
    assert set(errors) == {"steps.t.tool", "steps.l.model", "steps.a.graph", "steps.a.tools[0]"}


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


def test_an_agent_that_must_use_tools_needs_one() -> None:
    errors = errors_of({"name": "a", "kind": "agent", "instructions": "i", "prompt": "p",
                        "min_turns": 1})  # fmt: skip
    assert "steps.a.min_turns" in errors


def test_what_a_tool_shows_must_be_an_expression() -> None:
    assert "steps.a.tools[0].show" in errors_of(agent({"task": "enrich", "show": "a.."}))
