"""What is wrong with a crew is said before it runs, by agent and task."""

from typing import Any

import pytest

from apps.runs.contracts import InvalidSpec
from apps.runs.spec.check import Catalogue, parse_spec

CATALOGUE = Catalogue(
    tools=frozenset({"code", "http"}),
    graphs=frozenset({"react"}),
    is_known_model=lambda alias: alias in {"default", "openai:gpt-4o"},
    known_tasks=lambda names: names & {"enrich"},
)
BOUND = {"name": "look", "description": "Look.", "parameters": {}, "tool": "http",
         "arguments": {"url": "{{ args.url }}"}}  # fmt: skip


def member(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "role": "a writer", "goal": "Write.", **fields}


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "expected_output": "e", "agent": "ann", **fields}


def crew(**fields: Any) -> dict[str, Any]:
    return {"name": "team", "kind": "crew", "agents": [member("ann")], "tasks": [task("t")],
            **fields}  # fmt: skip


def errors_of(**fields: Any) -> dict[str, list[str]]:
    """By place within the step."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec({"steps": [crew(**fields)]}, catalogue=CATALOGUE)
    start = len("steps.team.")
    return {path[start:]: said for path, said in caught.value.errors.items()}


def test_a_crew_may_be_small() -> None:
    parse_spec({"steps": [crew()]}, catalogue=CATALOGUE)


def test_agents_may_share_a_tool() -> None:
    agents = [member("ann", tools=["code", BOUND]), member("bob", tools=[BOUND, "code"])]
    parse_spec({"steps": [crew(agents=agents)]}, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("fields", "where", "said"),
    [
        ({"agents": [member("ann"), member("ann")]}, "agents", "two have the name `ann`"),
        ({"agents": [member("ann", tools=["rm"])]}, "agents.ann.tools[0]", "unknown tool `rm`"),
        ({"agents": [member("ann", tools=["code", "code"])]}, "agents.ann.tools", "`code`"),
        ({"agents": [member("ann", model="x")]}, "agents.ann.model", "unknown model `x`"),
        ({"model": "x"}, "model", "unknown model `x`"),
        (
            {"agents": [member("ann", tools=[BOUND]),
                        member("bob", tools=[{**BOUND, "tool": "code"}])]},
            "agents.bob.tools[0]", "another tool named `look`",
        ),
        (
            {"agents": [member("ann", tools=[{**BOUND, "arguments": {"url": "{{ x }}"}}])]},
            "agents.ann.tools[0].arguments", "reads `x`",
        ),
        ({"agents": [member("ann", goal="{{ nothing.a }}")]}, "agents.ann.goal", "`nothing`"),
        ({"tasks": [task("t"), task("t")]}, "tasks", "two have the name `t`"),
        ({"tasks": [task("t", agent="bob")]}, "tasks.t.agent", "there is no agent `bob`"),
        ({"tasks": [task("t", agent=None)]}, "tasks.t.agent", "make the crew hierarchical"),
        ({"tasks": [task("t", context=["t"])]}, "tasks.t.context", "no task `t` before"),
        ({"tasks": [task("t", response_schema={"type": 5})]}, "tasks.t.response_schema", "schema"),
        ({"tasks": [task("t", description="{{ steps.x }}")]}, "tasks.t.description", "`x`"),
        ({"manager": {}}, "manager", "only a hierarchical crew"),
        ({"process": "hierarchical", "manager": {"model": "x"}}, "manager.model", "`x`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(fields: dict[str, Any], where: str, said: str) -> None:
    errors = errors_of(**fields)
    assert list(errors) == [where]
    assert said in errors[where][0]
