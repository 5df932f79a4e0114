"""The `react` graph: model, tools, loop. It asks for completions and tool calls by interrupts only.

A node that interrupts runs again from its start when it resumes, so nothing but pure work stands
before an interrupt. State is plain JSON.
"""

import json
import operator
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt

from agentplatform.core.json_schema import find_mismatch

RESULT_CHARACTERS = 4000
"""How much of a tool's result the model is shown."""


class State(TypedDict, total=False):
    """`messages` in the gateway's form; `calls` is the record of every tool call made."""

    messages: Annotated[list[dict[str, Any]], operator.add]
    calls: Annotated[list[dict[str, Any]], operator.add]
    options: dict[str, Any]
    turns: int
    wanted: list[dict[str, Any]]
    wish: dict[str, Any]
    output: dict[str, Any]


def think(state: State) -> State:
    """Ask the model what to do next, or for its answer when the turns are used up."""
    options, turns = state["options"], state.get("turns", 0)
    choice = _tool_choice(options, turns)
    answer = interrupt({"kind": "completion", "messages": state["messages"], "tool_choice": choice})
    wanted = [] if choice == "none" else answer["tool_calls"]
    update: State = {
        "messages": [{"role": "assistant", "content": answer["text"], "tool_calls": wanted}],
        "turns": turns + 1,
        "wanted": wanted,
    }
    if not wanted:
        update["output"] = {"text": answer["text"], "turns": turns + 1}
    return update


def _tool_choice(options: dict[str, Any], turns: int) -> str:
    if not options["tools"] or turns + 1 >= options["max_turns"]:
        return "none"
    return "required" if turns < options["min_turns"] else "auto"


def fan_out(state: State) -> list[Send] | str:
    """One parallel branch for each tool call that the model wants."""
    if not state["wanted"]:
        return "finish"
    return [
        Send("use_tool", {"wish": wish, "options": state["options"]}) for wish in state["wanted"]
    ]


def use_tool(state: State) -> State:
    """Have one tool call made; what is wrong with it is told to the model instead of failing."""
    wish = state["wish"]
    problem = _problem(wish, state["options"]["tools"])
    result: dict[str, Any]
    if problem is None:
        result = interrupt({"kind": "tool", "name": wish["name"], "arguments": wish["arguments"]})
    else:
        result = {"ok": False, "error": problem}
    shown = result.pop("shown", result.get("output", result.get("error")))
    return {
        "messages": [
            {
                "role": "tool",
                "content": json.dumps(shown, ensure_ascii=False)[:RESULT_CHARACTERS],
                "tool_call_id": wish["id"],
            }
        ],
        "calls": [{"name": wish["name"], "arguments": wish["arguments"], **result}],
    }


def _problem(wish: dict[str, Any], tools: dict[str, dict[str, Any]]) -> str | None:
    if wish["name"] not in tools:
        return f"there is no tool `{wish['name']}`; there are {', '.join(sorted(tools))}"
    mismatch = find_mismatch(wish["arguments"], tools[wish["name"]])
    return None if mismatch is None else f"wrong arguments: {mismatch.message}"


def finish(state: State) -> State:
    """The output: the answer, the number of turns and every tool call with its result."""
    return {"output": {**state["output"], "tool_calls": state.get("calls", [])}}


def build_react() -> "StateGraph[Any, Any, Any, Any]":
    """The graph, not yet compiled."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    graph.add_node("think", think)
    graph.add_node("use_tool", use_tool)
    graph.add_node("finish", finish)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", fan_out, ["use_tool", "finish"])
    graph.add_edge("use_tool", "think")
    graph.add_edge("finish", END)
    return graph
