"""The tools of an agent's step, as the model sees them and as they are called."""

from collections.abc import Iterable
from typing import Any

from apps.gateway.contracts import ToolSpec
from apps.runs.agents.wishes import GraphError, ToolWish
from apps.runs.spec.expression import evaluate
from apps.runs.spec.steps import BoundTool
from apps.runs.spec.template import render, render_schema
from apps.tools import facade as tools
from apps.tools.contracts import ToolRequest


class Toolbox:
    """Built anew for each turn. Raises TemplateError for a bound tool whose schema is none."""

    def __init__(self, offered: Iterable[str | BoundTool], values: dict[str, Any]) -> None:
        self._values = values
        self._bound: dict[str, BoundTool] = {}
        self.specs: dict[str, ToolSpec] = {}
        plain = {tool.name: tool for tool in tools.describe_tools()}
        for tool in offered:
            if isinstance(tool, BoundTool):
                self._bound[tool.name] = tool
                self.specs[tool.name] = _bind(tool, values)
            else:
                self.specs[tool] = ToolSpec(**plain[tool].model_dump())

    def schemas(self) -> dict[str, dict[str, Any]]:
        """The schema of each tool's arguments, by name."""
        return {name: tool.parameters for name, tool in self.specs.items()}

    def request(self, wish: ToolWish) -> ToolRequest:
        """The call that a graph wishes for. Raises GraphError for a tool that the step lacks."""
        bound = self._bound.get(wish.name)
        if bound is not None:
            return ToolRequest(
                tool=bound.tool,
                arguments=render(bound.arguments, {**self._values, "args": wish.arguments}),
                timeout_seconds=bound.timeout_seconds,
            )
        if wish.name not in self.specs:
            raise GraphError(f"The graph asks for the tool `{wish.name}`, which the step lacks.")
        return ToolRequest(tool=wish.name, arguments=wish.arguments)

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        """{"shown": the part of a tool's value that the model is to see}, if that is not all."""
        bound = self._bound.get(name)
        if bound is None or bound.show is None:
            return {}
        return {"shown": evaluate(bound.show, value)}


def _bind(tool: BoundTool, values: dict[str, Any]) -> ToolSpec:
    parameters = render_schema(tool.parameters, values) or {}
    return ToolSpec(name=tool.name, description=tool.description, parameters=parameters)
