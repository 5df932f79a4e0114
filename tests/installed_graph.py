"""Graphs as an operator installs them: a package with an entry point."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from apps.runs.agents import registry

InstallGraph = Callable[..., None]

PROGRAM = """
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing import Any, TypedDict

class State(TypedDict, total=False):
    messages: list[dict[str, Any]]
    options: dict[str, Any]
    output: dict[str, Any]

def ask(state: State) -> State:
    first = interrupt({wish})
    second = interrupt({wish})
    return {{"output": {{"answers": [first, second]}}}}

class Graph:
    version = "{version}"

    @staticmethod
    def build() -> Any:
        graph = StateGraph(State)
        graph.add_node("ask", ask)
        graph.add_edge(START, "ask")
        graph.add_edge("ask", END)
        return graph
"""
ROUNDS = """
import json
import operator
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt
from typing import Annotated, Any, TypedDict

class State(TypedDict, total=False):
    messages: list[dict[str, Any]]
    options: dict[str, Any]
    answers: Annotated[list[dict[str, Any]], operator.add]
    wish: dict[str, Any]
    place: int
    done: int
    output: dict[str, Any]

def rounds(state: State) -> list[Any]:
    return json.loads(state["messages"][-1]["content"])

def go_on(state: State) -> Any:
    done = state.get("done", 0)
    if done == len(rounds(state)):
        return "finish"
    wishes = enumerate(rounds(state)[done])
    return [Send("ask", {{"wish": wish, "place": 100 * done + index}}) for index, wish in wishes]

def ask(state: State) -> State:
    return {{"answers": [{{"place": state["place"], "is": interrupt(state["wish"])}}]}}

def count(state: State) -> State:
    return {{"done": state.get("done", 0) + 1}}

def finish(state: State) -> State:
    found = sorted(state["answers"], key=lambda answer: answer["place"])
    return {{"output": {{"answers": [answer["is"] for answer in found]}}}}

class Graph:
    version = "{version}"

    @staticmethod
    def build() -> Any:
        graph = StateGraph(State)
        for node in (ask, count, finish):
            graph.add_node(node.__name__, node)
        graph.add_conditional_edges(START, go_on, ["ask", "finish"])
        graph.add_edge("ask", "count")
        graph.add_conditional_edges("count", go_on, ["ask", "finish"])
        graph.add_edge("finish", END)
        return graph
"""
"""Its prompt is a JSON list of rounds, each a list of wishes that are asked at once."""
ASK = '{"kind": "completion", "messages": state["messages"]}'


def forget_graphs() -> None:
    """What is installed is looked up again, as a new process would."""
    registry._entries.cache_clear()
    registry._load.cache_clear()


@pytest.fixture
def install_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InstallGraph]:
    """`install_graph(name, version=..., wish=...)`: a graph that asks twice, or another `program`.
    Installing another version replaces the first, as a deploy would."""

    def install(name: str, *, version: str = "1", wish: str = ASK, program: str = PROGRAM) -> None:
        module = f"operator_{name}_{uuid4().hex}"
        folder = tmp_path / module
        info = folder / f"{module}-1.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(program.format(version=version, wish=wish))
        (info / "METADATA").write_text(f"Name: {module}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {module}:Graph\n")
        monkeypatch.syspath_prepend(folder)
        forget_graphs()

    yield install
    monkeypatch.undo()
    forget_graphs()
