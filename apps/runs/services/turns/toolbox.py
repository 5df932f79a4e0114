"""The tools of an agent's step, as the model sees them and as they are called."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.gateway.contracts import ToolSpec
from apps.runs.agents.wishes import GraphError, TaskCall, ToolWish
from apps.runs.selectors import spec_of_version
from apps.runs.services.turns.pinned_tasks import PinnedTask, PinnedTasks
from apps.runs.spec.expression import evaluate
from apps.runs.spec.template import render, render_schema
from apps.runs.spec.tools import BoundTool, OfferedTool, TaskTool, name_of
from apps.tools import facade as tools
from apps.tools.contracts import ToolDescription, ToolRequest, UnknownTool


class Toolbox:
    """Built anew for each turn; `tasks` are those among the tools. Raises UnknownTool for one that
    is there no more, TemplateError for a bound tool whose schema is none, OtherRelease for a task's
    spec that this release cannot read."""

    def __init__(
        self,
        offered: Iterable[OfferedTool],
        values: dict[str, Any],
        *,
        tenant_id: UUID,
        tasks: PinnedTasks,
    ) -> None:
        self._values = values
        self._tasks = tasks
        self._offered = {name_of(tool): tool for tool in offered}
        named = [tool for tool in self._offered.values() if isinstance(tool, str)]
        plain = {tool.name: tool for tool in tools.describe_tools(tenant_id=tenant_id, names=named)}
        self.specs: dict[str, ToolSpec] = {}
        for name, tool in self._offered.items():
            if isinstance(tool, BoundTool):
                self.specs[name] = _bind(tool, values)
            elif isinstance(tool, TaskTool):
                self.specs[name] = _describe(tool, tasks[tool.task])
            else:
                self.specs[name] = _offer(plain.get(name), name)

    def schemas(self) -> dict[str, dict[str, Any]]:
        """The schema of each tool's arguments, by name."""
        return {name: tool.parameters for name, tool in self.specs.items()}

    def request(self, wish: ToolWish) -> ToolRequest | TaskCall:
        """The call that a graph wishes for. Raises GraphError for a tool that the step lacks."""
        if wish.name not in self._offered:
            raise GraphError(f"The graph asks for the tool `{wish.name}`, which the step lacks.")
        tool = self._offered[wish.name]
        if isinstance(tool, BoundTool):
            return ToolRequest(
                tool=tool.tool,
                arguments=render(tool.arguments, {**self._values, "args": wish.arguments}),
                timeout_seconds=tool.timeout_seconds,
            )
        if isinstance(tool, TaskTool):
            return TaskCall(
                kind="run",
                task=tool.task,
                input=wish.arguments,
                token_budget=tool.token_budget,
                version_id=self._tasks[tool.task].version.id,
            )
        return ToolRequest(tool=wish.name, arguments=wish.arguments)

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        """{"shown": the part of a tool's value that the model is to see}, if that is not all."""
        tool = self._offered[name]
        if isinstance(tool, str) or tool.show is None:
            return {}
        return {"shown": evaluate(tool.show, value)}


def _offer(tool: ToolDescription | None, name: str) -> ToolSpec:
    if tool is None:
        raise UnknownTool(
            f"There is no tool `{name}` any more; take it out of the step, or bring it back."
        )
    return ToolSpec(name=name, description=tool.description, parameters=tool.parameters)


def _bind(tool: BoundTool, values: dict[str, Any]) -> ToolSpec:
    parameters = render_schema(tool.parameters, values) or {}
    return ToolSpec(name=tool.name, description=tool.description, parameters=parameters)


def _describe(tool: TaskTool, task: PinnedTask) -> ToolSpec:
    """Some providers take no schema that does not say that it is one of an object."""
    said = task.description if tool.description is None else tool.description
    parameters = {"type": "object", **spec_of_version(task.version.id).inputs}
    return ToolSpec(name=name_of(tool), description=said, parameters=parameters)
