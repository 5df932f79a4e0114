"""The graphs that an agent step may name."""

from apps.runs.agents.graph import GraphBuilder
from apps.runs.agents.react import build_react

GRAPHS: dict[str, GraphBuilder] = {"react": build_react}
