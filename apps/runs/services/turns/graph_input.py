"""What an agent's or a crew's graph is started with, all templates rendered. See docs/agents.md."""

from collections.abc import Sequence
from typing import Any

from apps.runs.agents.graph import GraphInput
from apps.runs.services.turns.toolbox import Toolbox
from apps.runs.spec.crew_steps import CrewManager, CrewMember, CrewStep, CrewTask
from apps.runs.spec.steps import AgentStep
from apps.runs.spec.template import render, render_schema
from apps.runs.spec.tools import OfferedTool, name_of

Values = dict[str, Any]


def agent_input(step: AgentStep, values: Values, toolbox: Toolbox) -> GraphInput:
    """A system message, a user message, and the step's options."""
    return GraphInput(
        messages=[
            {"role": "system", "content": str(render(step.instructions, values))},
            {"role": "user", "content": str(render(step.prompt, values))},
        ],
        options={
            "tools": toolbox.schemas(),
            "max_turns": step.max_turns,
            "min_turns": step.min_turns,
            "response_schema": render_schema(step.response_schema, values),
            **_approvals(step),
        },
    )


def crew_input(step: CrewStep, values: Values, toolbox: Toolbox) -> GraphInput:
    """No messages; agents, tasks and manager as options."""
    options: dict[str, Any] = {
        "agents": {agent.name: _person(step, agent, values, toolbox) for agent in step.agents},
        "tasks": [_task(task, values) for task in step.tasks],
    }
    if step.process == "hierarchical":
        options["manager"] = _person(step, step.manager or CrewManager(), values, toolbox)
    return GraphInput(messages=[], options=options)


def _person(
    step: CrewStep, person: CrewMember | CrewManager, values: Values, toolbox: Toolbox
) -> dict[str, Any]:
    role = str(render(person.role, values)).strip()
    story = str(render(person.backstory, values)).strip()
    goal = str(render(person.goal, values)).strip()
    tools = person.tools if isinstance(person, CrewMember) else ()
    return {
        "role": role,
        "system": "\n\n".join(filter(None, [f"You are {role}.", story, f"Your goal: {goal}"])),
        "options": {
            "tools": _schemas(tools, toolbox),
            "max_turns": step.max_turns,
            "min_turns": 0,
            "model": person.model,
            **_approvals(step),
        },
    }


def _approvals(step: AgentStep | CrewStep) -> dict[str, Any]:
    if not step.needs_approval:
        return {}
    limit = step.approval_timeout_seconds
    return {"needs_approval": list(step.needs_approval), "approval_timeout_seconds": limit}


def _schemas(tools: Sequence[OfferedTool], toolbox: Toolbox) -> dict[str, dict[str, Any]]:
    return {name: toolbox.specs[name].parameters for name in map(name_of, tools)}


def _task(task: CrewTask, values: Values) -> dict[str, Any]:
    return {
        "name": task.name,
        "description": str(render(task.description, values)),
        "expected_output": str(render(task.expected_output, values)),
        "agent": task.agent,
        "context": None if task.context is None else list(task.context),
        "response_schema": render_schema(task.response_schema, values),
    }
