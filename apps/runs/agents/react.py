"""The `react` graph: model, tools, loop. It asks for completions and tool calls by interrupts only.

A node that interrupts runs again from its start when it resumes, so nothing but pure work stands
before an interrupt. State is plain JSON. `options`: see docs/agents.md; with `coworkers` the agent
may hand work to other agents, each a `react` graph of its own inside this one.
"""

import json
import operator
from functools import cache
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send, interrupt

from agentplatform.core.json_schema import find_mismatch
from apps.runs.agents.answer import ask_again, read_answer
from apps.runs.agents.approval import may_call, why_rejected
from apps.runs.agents.delegation import DELEGATE, coworker_input

MAX_CALLS = 64
"""How many tool calls of one answer are made."""
RESULT_CHARACTERS = 4000
"""How much of a tool's result the model is shown."""
ANSWER_CHARACTERS = 20_000
"""How much of a coworker's answer the model is shown."""


class State(TypedDict, total=False):
    """`messages` in the gateway's form; `calls` is the record of every tool call made."""

    messages: Annotated[list[dict[str, Any]], operator.add]
    calls: Annotated[list[dict[str, Any]], operator.add]
    options: dict[str, Any]
    turns: int
    has_asked_again: bool
    wanted: list[dict[str, Any]]
    wish: dict[str, Any]
    coworker: dict[str, Any]
    question: dict[str, Any]
    output: dict[str, Any]
    failure: dict[str, str]


def think(state: State) -> State:
    """Ask the model what to do next, or for its answer when the turns are used up."""
    options, turns = state["options"], state.get("turns", 0)
    choice = "none" if state.get("has_asked_again") else _tool_choice(options, turns)
    answer = interrupt(
        {
            "kind": "completion",
            "messages": state["messages"],
            "tools": options.get("offer", list(options["tools"])),
            "tool_choice": choice,
            "model": options.get("model"),
            "response_schema": None if choice == "required" else options.get("response_schema"),
        }
    )
    wanted = [] if choice == "none" else answer["tool_calls"][: MAX_CALLS + 1]
    said = {"role": "assistant", "content": answer["text"], "tool_calls": wanted}
    update: State = {"messages": [said], "turns": turns + 1, "wanted": wanted}
    if len(wanted) > MAX_CALLS:
        update["wanted"] = _refuse_last(wanted, asked=len(answer["tool_calls"]))
    return update if wanted else _conclude(state, update, answer["text"])


def _refuse_last(wanted: list[dict[str, Any]], *, asked: int) -> list[dict[str, Any]]:
    """The first call that is too many is answered for all that are; they are not remembered."""
    problem = (
        f"not made: {MAX_CALLS} calls at a time are the most, you asked for {asked} at once; this"
        " one and those after it may be asked for next"
    )
    return [*wanted[:-1], {**wanted[-1], "problem": problem}]


def _tool_choice(options: dict[str, Any], turns: int) -> str:
    if not options["tools"] or turns + 1 >= options["max_turns"]:
        return "none"
    return "required" if turns < options["min_turns"] else "auto"


def _conclude(state: State, update: State, text: str) -> State:
    """Take the answer; one that breaks the schema is asked for once more, then it is a failure."""
    output = {"text": text, "turns": update["turns"]}
    schema = state["options"].get("response_schema")
    if schema is None:
        return {**update, "output": output}
    answer = read_answer(text, schema)
    if answer.problem is None:
        return {**update, "output": {**output, "value": answer.value}}
    if state.get("has_asked_again"):
        detail = f"The agent's answer does not satisfy the response_schema: {answer.problem}"
        return {**update, "failure": {"code": "invalid_output", "detail": detail}}
    messages = [*update["messages"], ask_again(answer.problem, schema)]
    return {**update, "messages": messages, "has_asked_again": True}


def go_on(state: State) -> list[Send] | str:
    """One parallel branch for each tool call that the model wants."""
    if state["wanted"]:
        return [Send("use_tool", _branch(wish, state["options"])) for wish in state["wanted"]]
    return "finish" if "output" in state or "failure" in state else "think"


def _branch(wish: dict[str, Any], options: dict[str, Any]) -> State:
    """All that a tool call needs to know, and no more: it is stored with each of them."""
    problem = wish.get("problem") or _problem(wish, options["tools"])
    if problem is not None:
        return {"wish": {**wish, "problem": problem}}
    if wish["name"] == DELEGATE and "coworkers" in options:
        return {"wish": wish, "coworker": coworker_input(options["coworkers"], wish["arguments"])}
    if wish["name"] in options.get("needs_approval", ()):
        return {"wish": wish, "question": may_call(wish, options["approval_timeout_seconds"])}
    return {"wish": wish}


def _problem(wish: dict[str, Any], tools: dict[str, dict[str, Any]]) -> str | None:
    if wish["name"] not in tools:
        return f"there is no tool `{wish['name']}`; there are {', '.join(sorted(tools))}"
    mismatch = find_mismatch(wish["arguments"], tools[wish["name"]])
    return None if mismatch is None else f"wrong arguments: {mismatch.under()}"


def use_tool(state: State) -> State:
    """Have one tool call made; what is wrong with it is told to the model instead of failing."""
    wish = state["wish"]
    result = dict(_result(wish, state.get("coworker"), state.get("question")))
    shown = result.pop("shown", result.get("output", result.get("error")))
    limit = ANSWER_CHARACTERS if "coworker" in state else RESULT_CHARACTERS
    return {
        "messages": [
            {
                "role": "tool",
                "content": json.dumps(shown, ensure_ascii=False)[:limit],
                "tool_call_id": wish["id"],
            }
        ],
        "calls": [{"name": wish["name"], "arguments": wish["arguments"], **result}],
    }


def _result(
    wish: dict[str, Any], coworker: dict[str, Any] | None, question: dict[str, Any] | None
) -> dict[str, Any]:
    if "problem" in wish:
        return {"ok": False, "error": wish["problem"]}
    if coworker is not None:
        output = run_inside(coworker)["output"]
        return {"ok": True, "output": output["text"], "tool_calls": output["tool_calls"]}
    approval = None if question is None else interrupt(question)
    if approval is not None and approval["decision"] != "approved":
        return {"ok": False, "error": why_rejected(approval), "approval": approval}
    result: dict[str, Any] = interrupt(
        {"kind": "tool", "name": wish["name"], "arguments": wish["arguments"]}
    )
    return result if approval is None else {**result, "approval": approval}


def finish(state: State) -> State:
    """The output: the answer, the number of turns and every tool call with its result."""
    if "failure" in state:
        return {"failure": state["failure"]}
    return {"output": {**state["output"], "tool_calls": state.get("calls", [])}}


def build_react() -> "StateGraph[Any, Any, Any, Any]":
    """The graph, not yet compiled."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    graph.add_node("think", think)
    graph.add_node("use_tool", use_tool)
    graph.add_node("finish", finish)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", go_on, ["think", "use_tool", "finish"])
    graph.add_edge("use_tool", "think")
    graph.add_edge("finish", END)
    return graph


def run_inside(given: dict[str, Any]) -> dict[str, Any]:
    """Run a `react` agent inside a node of another graph; its interrupts are that graph's.

    `given` holds messages and options. Returns the final state: output or failure.
    """
    state: dict[str, Any] = _compiled().invoke(given)
    return state


@cache
def _compiled() -> "CompiledStateGraph[Any, Any, Any, Any]":
    return build_react().compile()


class React:
    """Bump the version when a state of the one before cannot be resumed any more."""

    version = "1"
    build = staticmethod(build_react)
