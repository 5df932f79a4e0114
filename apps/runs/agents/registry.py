"""The graphs that a step may name: our own, and those that an operator installs.

An operator's graph is an entry point of the group `agentplatform.graphs` (docs/agents.md). None is
imported before its first use, which pays half a second for LangGraph; a worker of steps makes ours
its first use, before it forks its children.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

GROUP: Final = "agentplatform.graphs"
MAX_NAME: Final = 63

_OWN: Final = {
    "react": "apps.runs.agents.react:React",
    "crew": "apps.runs.agents.crew:Crew",
}


@dataclass(frozen=True, kw_only=True)
class LoadedGraph:
    """A graph of this process. A step keeps to the version that took its first turn."""

    version: str
    graph: "CompiledStateGraph[Any, Any, Any, Any]"


class GraphMissing(Exception):
    """This process does not have the graph in the version that is needed; another one may."""


def agent_graph_names() -> frozenset[str]:
    """The graphs that an agent step may name."""
    return frozenset(_entries()) - {"crew"}


def find_graph(name: str, *, version: str | None) -> LoadedGraph:
    """The graph of this name, in this version if one is given. Raises GraphMissing."""
    if name not in _entries():
        raise GraphMissing(f"This worker has no graph `{name}`.")
    graph = _load(name)
    if version not in (None, graph.version):
        raise GraphMissing(
            f"This worker has version {graph.version} of the graph `{name}`; "
            f"the step began with version {version}."
        )
    return graph


def load_own_graphs() -> None:
    """An operator's are left: what they import may not outlive a fork."""
    for name in _OWN:
        _load(name)


@cache
def _entries() -> dict[str, EntryPoint]:
    """Our own names win, so that nobody can put another graph in their place; of two that are
    installed, the one that Python would import first."""
    installed = {entry.name: entry for entry in reversed(tuple(entry_points(group=GROUP)))}
    own = {name: EntryPoint(name, value, GROUP) for name, value in _OWN.items()}
    return {name: entry for name, entry in installed.items() if len(name) <= MAX_NAME} | own


@cache
def _load(name: str) -> LoadedGraph:
    """What the entry point names has a `version`, and a `build()` that gives a StateGraph."""
    named = _entries()[name].load()
    return LoadedGraph(version=str(named.version), graph=named.build().compile())
