"""What a spec names outside of itself: models, graphs, tools; and the schemas it holds."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentplatform.core.json_schema import find_schema_problem
from apps.runs.spec.crew import crew_errors, crew_schemas, crew_tools
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.document import Spec
from apps.runs.spec.engine_steps import ApprovalStep, WaitStep
from apps.runs.spec.kinds import SpecStep
from apps.runs.spec.nodes import nodes_of
from apps.runs.spec.steps import AgentStep, LlmStep, ToolStep
from apps.runs.spec.template import expressions_in
from apps.runs.spec.tools import BoundTool, OfferedTool, TaskTool, name_of


def _unknown(_names: frozenset[str]) -> dict[str, dict[str, Any]]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What a spec may name: tools, graphs, whether a model alias is known, and which of some names
    are names of the tenant's tasks; and the schemas of some tools' arguments, where known."""

    tools: frozenset[str]
    graphs: frozenset[str]
    is_known_model: Callable[[str], bool]
    known_tasks: Callable[[frozenset[str]], Collection[str]]
    find_parameters: Callable[[frozenset[str]], Mapping[str, dict[str, Any]]] = _unknown


def catalogue_errors(spec: Spec, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Unknown models, graphs, tools and tasks, each with its path."""
    if not catalogue.is_known_model(spec.defaults.model):
        yield "defaults.model", _unknown_model(spec.defaults.model)
    for located in nodes_of(spec):
        node, path = located.node, located.path
        model = getattr(node, "model", None)
        if model and not catalogue.is_known_model(model):
            yield f"{path}.model", _unknown_model(model)
        if isinstance(node, AgentStep) and node.graph not in catalogue.graphs:
            yield f"{path}.graph", f"unknown graph; there are {', '.join(sorted(catalogue.graphs))}"
        if isinstance(node, CrewStep):
            for where, message in crew_errors(node, is_known_model=catalogue.is_known_model):
                yield f"{path}.{where}", message
        for where, tool in _tools_of(node):
            if tool not in catalogue.tools:
                known = ", ".join(sorted(catalogue.tools))
                yield f"{path}.{where}", f"unknown tool `{tool}`; there are {known}"
    yield from _task_errors(spec, catalogue)


def _task_errors(spec: Spec, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    named = [
        (f"{located.path}.{where}.task", tool.task)
        for located in nodes_of(spec)
        for where, tool in offered_tools(located.node)
        if isinstance(tool, TaskTool)
    ]
    known = catalogue.known_tasks(frozenset(task for _, task in named)) if named else ()
    for where, task in named:
        if task not in known:
            yield where, f"there is no task named `{task}`; create it first"


def schema_errors(spec: Spec, lacking: Collection[str]) -> Iterator[tuple[str, str]]:
    """Schemas that are none, and fields of agents that contradict each other; but for steps that
    are `lacking` fields."""
    yield from _schema_error("inputs", spec.inputs)
    if spec.inputs.get("type", "object") != "object":
        yield "inputs", "the input of a run is an object: its `type` is `object`, or left out"
    for located in nodes_of(spec):
        if located.step in lacking:
            continue
        node, path = located.node, located.path
        for field, schema in _schemas_of(node):
            if not any(expressions_in(schema)):
                yield from _schema_error(f"{path}.{field}", schema)
        if isinstance(node, ApprovalStep) and len(set(node.options)) < len(node.options):
            yield f"{path}.options", "two options are the same"
        if isinstance(node, WaitStep):
            yield from _wait_errors(f"{path}.seconds", node)
        if isinstance(node, AgentStep):
            yield from _agent_errors(path, node)
        if isinstance(node, AgentStep | CrewStep):
            yield from _approval_errors(f"{path}.needs_approval", node)


def _agent_errors(path: str, step: AgentStep) -> Iterator[tuple[str, str]]:
    names = [name_of(tool) for tool in step.tools]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"{path}.tools", f"two tools have the name `{name}`"
    if step.min_turns >= step.max_turns:
        yield f"{path}.min_turns", "must be below max_turns"
    if step.min_turns and not step.tools:
        yield f"{path}.min_turns", "needs at least one tool"


def _wait_errors(path: str, step: WaitStep) -> Iterator[tuple[str, str]]:
    if isinstance(step.seconds, str) and not any(expressions_in(step.seconds)):
        yield path, "is a number, or a template that gives one"


def _approval_errors(path: str, step: AgentStep | CrewStep) -> Iterator[tuple[str, str]]:
    if step.needs_approval and isinstance(step, AgentStep) and step.graph != "react":
        yield path, "a graph of your own asks by an interrupt of the kind approval"
    offered = {name_of(tool) for tool in step.all_tools}
    for name in sorted(set(step.needs_approval) - offered):
        yield path, f"the step has no tool `{name}`"


def _unknown_model(alias: str) -> str:
    return f"unknown model `{alias}`; use `default` or provider:model, such as openai:gpt-4o"


def _tools_of(step: SpecStep) -> Iterator[tuple[str, str]]:
    if isinstance(step, ToolStep):
        yield "tool", step.tool
    for where, tool in offered_tools(step):
        if isinstance(tool, BoundTool):
            yield f"{where}.tool", tool.tool
        elif isinstance(tool, str):
            yield where, tool


def offered_tools(step: SpecStep) -> Iterator[tuple[str, OfferedTool]]:
    """The tools that a step offers to models, each with its field."""
    if isinstance(step, AgentStep):
        yield from ((f"tools[{position}]", tool) for position, tool in enumerate(step.tools))
    if isinstance(step, CrewStep):
        yield from crew_tools(step)


def _schemas_of(step: SpecStep) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(step, LlmStep | AgentStep) and step.response_schema is not None:
        yield "response_schema", step.response_schema
    if isinstance(step, CrewStep):
        yield from crew_schemas(step)


def _schema_error(path: str, schema: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if problem := find_schema_problem(schema or {}):
        yield path, f"is no JSON schema: {problem}"
