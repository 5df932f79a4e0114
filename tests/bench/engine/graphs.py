"""Graphs that only the bench has; its processes find them as an operator's (installed.py)."""

import operator
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt


class State(TypedDict, total=False):
    """`answers` counts what the model said."""

    messages: list[dict[str, Any]]
    options: dict[str, Any]
    answers: Annotated[int, operator.add]
    output: dict[str, Any]


def end(state: State) -> State:
    return {"output": {"answers": state.get("answers", 0)}}


class Noop:
    """Ends in its first turn, having asked for nothing."""

    version = "1"

    def build(self) -> Any:
        graph = StateGraph(State)
        graph.add_node("end", end)
        graph.add_edge(START, "end")
        graph.add_edge("end", END)
        return graph


class Talk:
    """Asks for `calls` completions at once in each of the agent's `max_turns` turns."""

    version = "1"

    def __init__(self, *, calls: int) -> None:
        self._calls = calls

    def build(self) -> Any:
        graph = StateGraph(State)
        graph.add_node("ask", self._ask)
        graph.add_node("join", lambda state: {})
        graph.add_node("end", end)
        graph.add_conditional_edges(START, self._go_on, ["ask", "end"])
        graph.add_edge("ask", "join")
        graph.add_conditional_edges("join", self._go_on, ["ask", "end"])
        graph.add_edge("end", END)
        return graph

    def _ask(self, state: State) -> State:
        interrupt({"kind": "completion", "messages": state["messages"]})
        return {"answers": 1}

    def _go_on(self, state: State) -> list[Send] | str:
        if state.get("answers", 0) >= self._calls * state["options"]["max_turns"]:
            return "end"
        return [Send("ask", {"messages": state["messages"]}) for _ in range(self._calls)]


NOOP = Noop()
SOLO = Talk(calls=1)
TRIO = Talk(calls=3)
