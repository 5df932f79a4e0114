"""Run a graph for one turn: until it asks for the outside world, or ends."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from apps.runs.agents.bounded import bounded
from apps.runs.agents.checkpointer import THREAD, StepCheckpointer
from apps.runs.agents.executor import run_nodes_here

RECURSION_LIMIT = 1000
"""Supersteps of one turn; the number of turns is bounded by the agent's max_turns."""


@dataclass(frozen=True, kw_only=True)
class GraphInput:
    """What starts an agent, all plain JSON. `options` are the step's limits and tool schemas."""

    messages: list[dict[str, Any]]
    options: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Paused:
    """The graph waits for `wishes`; `interrupts` are their ids, in the same order."""

    wishes: list[dict[str, Any]]
    interrupts: list[str]
    state: bytes


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The graph is over; `output` and `failure` are what its state holds under those names."""

    output: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] | None = None


Graph = CompiledStateGraph[Any, Any, Any, Any]
"""Compiled once in a process, which takes a quarter of the time of a turn."""

run_nodes_here()


def start_graph(graph: Graph, given: GraphInput) -> Paused | Ended:
    """The first turn."""
    saver = StepCheckpointer()
    return _run(graph, saver, {"messages": given.messages, "options": bounded(given.options)})


def resume_graph(graph: Graph, *, state: bytes, answers: Mapping[str, Any]) -> Paused | Ended:
    """A later turn: `answers` maps every interrupt id of `state` to its value.

    All at once: a graph that is resumed answer by answer runs its next node twice or stalls.
    """
    return _run(graph, StepCheckpointer(state), Command(resume=bounded(dict(answers))))


def _run(graph: Graph, saver: StepCheckpointer, given: Any) -> Paused | Ended:
    runner = copy(graph)
    runner.checkpointer = saver
    result = runner.invoke(
        given,
        {
            "configurable": {"thread_id": THREAD},
            "recursion_limit": RECURSION_LIMIT,
        },
        durability="exit",
    )
    interrupts = result.get("__interrupt__", ())
    if not interrupts:
        return Ended(output=result.get("output") or {}, failure=result.get("failure"))
    return Paused(
        wishes=[interrupt.value for interrupt in interrupts],
        interrupts=[interrupt.id for interrupt in interrupts],
        state=saver.dump(),
    )
