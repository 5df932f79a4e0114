"""The `crew` graph: tasks one after the other, each done by an agent, or by a manager who has the
agents as coworkers. Every agent is a `react` graph inside this one, on the same interrupts.

`options`: `agents` ({name: {role, system, options}}), `tasks` (name, description, expected_output,
agent, context, response_schema), and in a hierarchical crew `manager` ({system, options}).
"""

import json
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from apps.runs.agents.delegation import DELEGATE, delegate_tool
from apps.runs.agents.react import run_inside


class State(TypedDict, total=False):
    """`results` holds the output of each task that is over, in their order."""

    messages: list[dict[str, Any]]
    options: dict[str, Any]
    results: dict[str, dict[str, Any]]
    output: dict[str, Any]
    failure: dict[str, str]


def work(state: State) -> State:
    """Have the next task done."""
    options, results = state["options"], state.get("results", {})
    task = options["tasks"][len(results)]
    ended = run_inside(_conversation(options, task, results))
    if failure := ended.get("failure"):
        return {"failure": {**failure, "detail": f"task {task['name']}: {failure['detail']}"}}
    return {"results": {**results, task["name"]: ended["output"]}}


def go_on(state: State) -> str:
    """The next task, unless there is none or one has failed."""
    if "failure" in state:
        return END
    return "work" if len(state["results"]) < len(state["options"]["tasks"]) else "finish"


def finish(state: State) -> State:
    """The output: what each task came to, and the text of the last one."""
    results = state["results"]
    tasks = {name: result.get("value", result["text"]) for name, result in results.items()}
    return {"output": {"tasks": tasks, "text": list(results.values())[-1]["text"]}}


def _conversation(
    options: dict[str, Any], task: dict[str, Any], results: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    agents = options["agents"]
    if "manager" in options:
        agent, own = options["manager"], _manager_options(options)
    else:
        agent = agents[task["agent"]]
        own = agent["options"]
    if task.get("response_schema") is not None:
        own = {**own, "response_schema": task["response_schema"]}
    return {
        "messages": [
            {"role": "system", "content": agent["system"]},
            {"role": "user", "content": _prompt(task, results, is_managed="manager" in options)},
        ],
        "options": own,
    }


def _manager_options(options: dict[str, Any]) -> dict[str, Any]:
    tool = delegate_tool({name: agent["role"] for name, agent in options["agents"].items()})
    return {
        **options["manager"]["options"],
        "tools": {DELEGATE: tool["parameters"]},
        "offer": [tool],
        "coworkers": options["agents"],
    }


def _prompt(task: dict[str, Any], results: dict[str, dict[str, Any]], *, is_managed: bool) -> str:
    parts = [task["description"], f"What is expected:\n{task['expected_output']}"]
    if is_managed and task.get("agent"):
        parts.append(f"The coworker for it is {task['agent']}.")
    names = task["context"] if task.get("context") is not None else list(results)
    told = [f"## {name}\n{_told(results[name])}" for name in names]
    if told:
        parts.append("\n\n".join(["What was found before:", *told]))
    return "\n\n".join(parts)


def _told(result: dict[str, Any]) -> str:
    if "value" in result:
        return json.dumps(result["value"], ensure_ascii=False)
    return str(result["text"])


def build_crew() -> "StateGraph[Any, Any, Any, Any]":
    """The graph, not yet compiled."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    graph.add_node("work", work)
    graph.add_node("finish", finish)
    graph.add_edge(START, "work")
    graph.add_conditional_edges("work", go_on, ["work", "finish", END])
    graph.add_edge("finish", END)
    return graph


class Crew:
    """Bump the version when a state of the one before cannot be resumed any more."""

    version = "1"
    build = staticmethod(build_crew)
