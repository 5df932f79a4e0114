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
ASK = '{"kind": "completion", "messages": state["messages"]}'


def forget_graphs() -> None:
    """What is installed is looked up again, as a new process would."""
    registry._entries.cache_clear()
    registry._load.cache_clear()


@pytest.fixture
def install_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InstallGraph]:
    """`install_graph(name, version=..., wish=...)`: a graph that asks twice. Installing another
    version replaces the first, as a deploy would."""

    def install(name: str, *, version: str, wish: str = ASK) -> None:
        module = f"operator_{name}_{uuid4().hex}"
        folder = tmp_path / module
        info = folder / f"{module}-1.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(PROGRAM.format(version=version, wish=wish))
        (info / "METADATA").write_text(f"Name: {module}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {module}:Graph\n")
        monkeypatch.syspath_prepend(folder)
        forget_graphs()

    yield install
    monkeypatch.undo()
    forget_graphs()
