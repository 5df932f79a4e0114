"""An agent step: a LangGraph graph that suspends for every completion and tool call."""

from typing import Any, cast

from agentplatform.calls.contracts import CallOutcome
from apps.gateway.contracts import CompletionRequest, Message, ToolSpec
from apps.runs.agents.graph import Ended, GraphInput, Paused, resume_graph, start_graph
from apps.runs.agents.registry import build_graph
from apps.runs.models import Checkpoint
from apps.runs.services.turns.turn import (
    CallRequest,
    Failed,
    Finished,
    Suspended,
    Turn,
    TurnResult,
)
from apps.runs.spec.expression import evaluate
from apps.runs.spec.steps import AgentStep, BoundTool
from apps.runs.spec.template import render, render_schema
from apps.tools import facade as tools
from apps.tools.contracts import ToolDescription, ToolRequest


def take_agent_turn(turn: Turn) -> TurnResult:
    """Start or resume the graph, or repeat the calls that its checkpoint waits for (a retry).

    A failed completion fails the attempt; a failed tool call is told to the model.
    """
    step = cast("AgentStep", turn.spec.by_name[turn.step.name])
    offered = _offered_tools(step, turn.values)
    if turn.checkpoint is not None and turn.checkpoint.turn == turn.step.turn:
        return _suspend(step, turn, offered, turn.checkpoint)
    if any(o.failure and o.kind == "llm" for o in turn.outcomes) and turn.failure:
        return Failed(failure=turn.failure)
    result = _invoke(step, turn, offered)
    if isinstance(result, Ended):
        return Finished(output=result.output)
    return _suspend(step, turn, offered, _checkpoint(step, turn, result))


def _invoke(step: AgentStep, turn: Turn, offered: dict[str, ToolSpec]) -> Paused | Ended:
    graph = build_graph(step.graph)
    if turn.checkpoint is None:
        return start_graph(graph, _graph_input(step, turn.values, offered))
    answers = {
        interrupt: _answer(step, wish, outcome)
        for interrupt, wish, outcome in zip(
            turn.checkpoint.interrupts, turn.checkpoint.wishes, turn.outcomes, strict=True
        )
    }
    return resume_graph(graph, state=bytes(turn.checkpoint.state), answers=answers)


def _graph_input(
    step: AgentStep, values: dict[str, Any], offered: dict[str, ToolSpec]
) -> GraphInput:
    return GraphInput(
        messages=[
            {"role": "system", "content": str(render(step.instructions, values))},
            {"role": "user", "content": str(render(step.prompt, values))},
        ],
        options={
            "tools": {name: tool.parameters for name, tool in offered.items()},
            "max_turns": step.max_turns,
            "min_turns": step.min_turns,
        },
    )


def _answer(step: AgentStep, wish: dict[str, Any], outcome: CallOutcome) -> dict[str, Any]:
    """What the graph is told of a call; `shown` is the part that the model is to see."""
    output = outcome.output or {}
    if outcome.kind == "llm":
        return {"text": output.get("text", ""), "tool_calls": list(output.get("tool_calls", ()))}
    if outcome.failure:
        return {"ok": False, "error": f"{outcome.failure.code}: {outcome.failure.detail}"}
    value = output.get("value")
    result: dict[str, Any] = {"value": value if value is not None else output.get("stdout", "")}
    if artifacts := output.get("artifacts"):
        result["artifacts"] = [artifact["name"] for artifact in artifacts]
    bound = _bound_tools(step).get(wish["name"])
    if bound is None or bound.show is None:
        return {"ok": True, "output": result}
    return {"ok": True, "output": result, "shown": evaluate(bound.show, value)}


def _checkpoint(step: AgentStep, turn: Turn, paused: Paused) -> Checkpoint:
    return Checkpoint(
        step_id=turn.step.id,
        tenant_id=turn.step.tenant_id,
        graph=step.graph,
        turn=turn.step.turn,
        interrupts=paused.interrupts,
        wishes=paused.wishes,
        state=paused.state,
    )


def _suspend(
    step: AgentStep, turn: Turn, offered: dict[str, ToolSpec], checkpoint: Checkpoint
) -> Suspended:
    calls = tuple(_request(step, turn, offered, wish) for wish in checkpoint.wishes)
    return Suspended(calls=calls, checkpoint=checkpoint)


def _request(
    step: AgentStep, turn: Turn, offered: dict[str, ToolSpec], wish: dict[str, Any]
) -> CallRequest:
    if wish["kind"] == "tool":
        return _tool_request(step, turn.values, wish)
    return CompletionRequest(
        model=step.model or turn.spec.defaults.model,
        messages=tuple(Message.model_validate(message) for message in wish["messages"]),
        tools=tuple(offered.values()),
        tool_choice=wish["tool_choice"],
        min_tool_calls=step.min_tool_calls if wish["tool_choice"] == "required" else 1,
        max_tokens=step.max_tokens,
        temperature=step.temperature,
        critical=step.critical,
    )


def _tool_request(step: AgentStep, values: dict[str, Any], wish: dict[str, Any]) -> ToolRequest:
    bound = _bound_tools(step).get(wish["name"])
    if bound is None:
        return ToolRequest(tool=wish["name"], arguments=wish["arguments"])
    return ToolRequest(
        tool=bound.tool,
        arguments=render(bound.arguments, {**values, "args": wish["arguments"]}),
        timeout_seconds=bound.timeout_seconds,
    )


def _bound_tools(step: AgentStep) -> dict[str, BoundTool]:
    return {tool.name: tool for tool in step.tools if isinstance(tool, BoundTool)}


def _offered_tools(step: AgentStep, values: dict[str, Any]) -> dict[str, ToolSpec]:
    """The tools as the model sees them, by name. Raises TemplateError for a schema that is none."""
    plain = {tool.name: tool for tool in tools.describe_tools()}
    found = {}
    for tool in step.tools:
        spec = _bind(tool, values) if isinstance(tool, BoundTool) else _plain(plain[tool])
        found[spec.name] = spec
    return found


def _plain(tool: ToolDescription) -> ToolSpec:
    return ToolSpec(name=tool.name, description=tool.description, parameters=tool.parameters)


def _bind(tool: BoundTool, values: dict[str, Any]) -> ToolSpec:
    parameters = render_schema(tool.parameters, values) or {}
    return ToolSpec(name=tool.name, description=tool.description, parameters=parameters)
