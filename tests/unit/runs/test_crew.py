"""A crew does its tasks in order, by its agents or through a manager, on interrupts alone."""

from collections.abc import Callable
from typing import Any

from apps.runs.agents.crew import build_crew
from apps.runs.agents.graph import Ended, GraphInput, Paused, resume_graph, start_graph

CREW = build_crew().compile()
Reply = dict[str, Any]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def options(**more: Any) -> dict[str, Any]:
    return {"tools": {}, "max_turns": 3, "min_turns": 0, "model": None, **more}


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"role": name, "system": f"You are {name}.", "options": options(**more)}


def task(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": f"Do {name}.", "expected_output": "A word.",
            "agent": "writer", "context": None, "response_schema": None, **more}  # fmt: skip


def crew(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    agents = {"writer": person("writer", tools={"add": {"type": "object"}}),
              "critic": person("critic", model="openai:gpt-4o")}  # fmt: skip
    return {"agents": agents, "tasks": list(tasks), **more}


def play(
    given: dict[str, Any], reply: Callable[[dict[str, Any]], Reply]
) -> tuple[Ended, list[list[dict[str, Any]]]]:
    """The end, and what was wished for in each turn."""
    turns = []
    now = start_graph(CREW, GraphInput(messages=[], options=given))
    while isinstance(now, Paused):
        turns.append(now.wishes)
        answers = {key: reply(w) for key, w in zip(now.interrupts, now.wishes, strict=True)}
        now = resume_graph(CREW, state=now.state, answers=answers)
    return now, turns


def say(text: str) -> Reply:
    return {"text": text, "tool_calls": []}


def delegate(*coworkers: str) -> Reply:
    calls = [
        {"id": f"d{number}", "name": "delegate",
         "arguments": {"coworker": name, "task": f"Help {name}.", "context": "It rains."}}
        for number, name in enumerate(coworkers)
    ]  # fmt: skip
    return {"text": "", "tool_calls": calls}


def system_of(wish: dict[str, Any]) -> str:
    return str(wish["messages"][0]["content"])


def prompt_of(wish: dict[str, Any]) -> str:
    return str(wish["messages"][1]["content"])


def test_each_task_is_done_by_its_agent_in_order() -> None:
    ended, turns = play(
        crew(task("draft"), task("review", agent="critic")), lambda wish: say(system_of(wish))
    )
    assert ended.output == {
        "tasks": {"draft": "You are writer.", "review": "You are critic."},
        "text": "You are critic.",
    }
    assert [wish["model"] for (wish,) in turns] == [None, "openai:gpt-4o"]


def test_an_agent_is_offered_its_own_tools_and_uses_them() -> None:
    def reply(wish: dict[str, Any]) -> Reply:
        if wish["kind"] == "tool":
            return {"ok": True, "output": 5}
        if wish["messages"][-1]["role"] == "tool" or not wish["tools"]:
            return say(wish["messages"][-1]["content"])
        return {"text": "", "tool_calls": [{"id": "c", "name": "add", "arguments": {}}]}

    ended, turns = play(crew(task("draft"), task("review", agent="critic")), reply)
    assert [wish.get("tools", wish["kind"]) for (wish,) in turns] == [["add"], "tool", ["add"], []]
    assert ended.output["tasks"]["draft"] == "5"


def test_a_task_is_told_what_it_names_as_context_and_everything_when_it_names_nothing() -> None:
    tasks = (task("one"), task("two"), task("three", context=["two"]), task("four"),
             task("five", context=[]))  # fmt: skip
    _, turns = play(crew(*tasks), lambda wish: say("x"))
    told = [
        [name for name in ("one", "two", "three", "four") if f"## {name}\n" in prompt_of(wish)]
        for (wish,) in turns
    ]
    assert told == [[], ["one"], ["two"], ["one", "two", "three"], []]


def test_a_task_with_a_schema_gives_an_object() -> None:
    ended, turns = play(
        crew(task("count", response_schema=SCHEMA), task("tell")), lambda wish: say('{"n": 5}')
    )
    assert ended.output["tasks"] == {"count": {"n": 5}, "tell": '{"n": 5}'}
    assert '## count\n{"n": 5}' in prompt_of(turns[1][0])


def test_a_task_that_breaks_its_schema_twice_fails_the_crew_by_name() -> None:
    ended, turns = play(
        crew(task("count", response_schema=SCHEMA), task("tell")), lambda wish: say("five")
    )
    assert len(turns) == 2
    assert ended.failure
    assert ended.failure["code"] == "invalid_output"
    assert ended.failure["detail"].startswith("task count: ")


def test_a_manager_has_coworkers_work_in_parallel_and_answers_with_what_they_said() -> None:
    def reply(wish: dict[str, Any]) -> Reply:
        if system_of(wish) != "You lead.":
            return say(f"{system_of(wish)} {prompt_of(wish)}")
        said = [m["content"] for m in wish["messages"] if m["role"] == "tool"]
        return say(" and ".join(said)) if said else delegate("writer", "critic")

    manager = {"role": "lead", "system": "You lead.", "options": options()}
    ended, turns = play(crew(task("draft", agent=None), manager=manager), reply)
    assert [len(wishes) for wishes in turns] == [1, 2, 1]
    assert turns[0][0]["tools"][0]["name"] == "delegate"
    assert "- writer: writer" in turns[0][0]["tools"][0]["description"]
    assert ended.output["text"] == (
        '"You are writer. Help writer.\\n\\nContext:\\nIt rains." and '
        '"You are critic. Help critic.\\n\\nContext:\\nIt rains."'
    )


def test_coworkers_who_need_unequal_turns_are_waited_for() -> None:
    def reply(wish: dict[str, Any]) -> Reply:
        if wish["kind"] == "tool":
            return {"ok": True, "output": "found"}
        told = wish["messages"][-1]
        if system_of(wish) == "You lead.":
            return delegate("critic", "writer") if told["role"] == "user" else say("Done.")
        if system_of(wish) == "You are writer." and told["role"] == "user":
            return {"text": "", "tool_calls": [{"id": "c", "name": "add", "arguments": {}}]}
        return say("mine")

    manager = {"role": "lead", "system": "You lead.", "options": options()}
    ended, turns = play(crew(task("draft"), manager=manager), reply)
    assert [sorted(w["kind"] for w in wishes) for wishes in turns] == [
        ["completion"], ["completion", "completion"], ["tool"], ["completion"], ["completion"],
    ]  # fmt: skip
    told = [m["content"] for m in turns[-1][0]["messages"] if m["role"] == "tool"]
    assert told == ['"mine"', '"mine"']
    assert ended.output["text"] == "Done."


def test_a_coworker_that_does_not_exist_is_told_to_the_manager() -> None:
    def reply(wish: dict[str, Any]) -> Reply:
        told = wish["messages"][-1]
        return delegate("painter") if told["role"] == "user" else say(told["content"])

    manager = {"role": "lead", "system": "You lead.", "options": options()}
    ended, _ = play(crew(task("draft"), manager=manager), reply)
    assert "wrong arguments" in ended.output["text"]


def test_agents_that_are_done_leave_nothing_in_the_checkpoint() -> None:
    sizes = []
    given = crew(*(task(f"t{number}", context=[]) for number in range(12)))
    now = start_graph(CREW, GraphInput(messages=[], options=given))
    while isinstance(now, Paused):
        sizes.append(len(now.state))
        now = resume_graph(CREW, state=now.state, answers={now.interrupts[0]: say("x")})
    assert sizes[-1] - sizes[1] < 12 * 200
