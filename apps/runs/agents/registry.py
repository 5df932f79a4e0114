"""The graphs that an agent step may name, by the place of their builders.

They are imported on first use: LangGraph takes a second that only a worker with agents should pay.
"""

from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from langgraph.graph import StateGraph

GRAPHS: dict[str, str] = {"react": "apps.runs.agents.react.build_react"}


def build_graph(name: str) -> "StateGraph[Any, Any, Any, Any]":
    """A new, uncompiled graph. Raises KeyError for a name that is not in GRAPHS."""
    graph: StateGraph[Any, Any, Any, Any] = import_string(GRAPHS[name])()
    return graph
