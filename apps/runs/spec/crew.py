"""What can be known to be wrong with a crew step before it runs."""

from collections.abc import Callable, Iterator
from typing import Any

from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.tools import OfferedTool, name_of

Error = tuple[str, str]


def crew_errors(step: CrewStep, *, is_known_model: Callable[[str], bool]) -> Iterator[Error]:
    """(field, sentence) for each name that names nothing, or that names two things."""
    yield from _agent_errors(step, is_known_model)
    yield from _task_errors(step)
    if step.manager is not None:
        if step.process != "hierarchical":
            yield "manager", "only a hierarchical crew has a manager"
        if step.manager.model and not is_known_model(step.manager.model):
            yield "manager.model", f"unknown model `{step.manager.model}`"


def crew_schemas(step: CrewStep) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each JSON schema of the step with its field."""
    for task in step.tasks:
        if task.response_schema is not None:
            yield f"tasks.{task.name}.response_schema", task.response_schema


def crew_tools(step: CrewStep) -> Iterator[tuple[str, OfferedTool]]:
    """Each tool with its field; those that two agents share come twice."""
    for agent in step.agents:
        for position, tool in enumerate(agent.tools):
            yield f"agents.{agent.name}.tools[{position}]", tool


def crew_templates(step: CrewStep) -> Iterator[tuple[str, Any]]:
    """(field, template) for each text and schema of agents, manager and tasks."""
    people = [(f"agents.{agent.name}", agent) for agent in step.agents]
    managers = [("manager", step.manager)] if step.manager else []
    for where, person in (*people, *managers):
        for field in ("role", "goal", "backstory"):
            yield f"{where}.{field}", getattr(person, field)
    for task in step.tasks:
        for field in ("description", "expected_output", "response_schema"):
            yield f"tasks.{task.name}.{field}", getattr(task, field)


def _agent_errors(step: CrewStep, is_known_model: Callable[[str], bool]) -> Iterator[Error]:
    yield from _twice("agents", [agent.name for agent in step.agents])
    for agent in step.agents:
        where = f"agents.{agent.name}"
        if agent.model and not is_known_model(agent.model):
            yield f"{where}.model", f"unknown model `{agent.model}`"
        yield from _twice(f"{where}.tools", [name_of(tool) for tool in agent.tools])
    first: dict[str, OfferedTool] = {}
    for where, tool in crew_tools(step):
        if first.setdefault(name_of(tool), tool) != tool:
            yield where, f"another agent has another tool named `{name_of(tool)}`"


def _task_errors(step: CrewStep) -> Iterator[Error]:
    yield from _twice("tasks", [task.name for task in step.tasks])
    agents = {agent.name for agent in step.agents}
    earlier: set[str] = set()
    for task in step.tasks:
        where = f"tasks.{task.name}"
        if task.agent is not None and task.agent not in agents:
            yield f"{where}.agent", f"there is no agent `{task.agent}` in the crew"
        if task.agent is None and step.process == "sequential":
            yield f"{where}.agent", "say who does it, or make the crew hierarchical"
        for name in task.context or ():
            if name not in earlier:
                yield f"{where}.context", f"there is no task `{name}` before this one"
        earlier.add(task.name)


def _twice(where: str, names: list[str]) -> Iterator[Error]:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield where, f"two have the name `{name}`"
