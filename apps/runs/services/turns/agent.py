"""An agent or crew step: a LangGraph graph that suspends for whatever it asks of the outside."""

from collections.abc import Collection
from typing import Any, cast

import structlog
from django.conf import settings

from agentplatform.calls.contracts import CallFailure, CallOutcome
from agentplatform.core.errors import PlatformError
from apps.runs.agents.graph import Ended, Graph, Paused, resume_graph, start_graph
from apps.runs.agents.registry import GraphMissing, LoadedGraph, find_graph
from apps.runs.agents.wishes import AskWish, CompletionWish, GraphError, ToolWish, read_wish
from apps.runs.contracts import TooMuchHeld
from apps.runs.models import Checkpoint
from apps.runs.selectors import call_outcomes
from apps.runs.services.turns.completion import completion_request
from apps.runs.services.turns.graph_input import agent_input, crew_input
from apps.runs.services.turns.pinned_tasks import PinnedTasks, pinned_tasks
from apps.runs.services.turns.toolbox import Toolbox
from apps.runs.services.turns.turn import (
    CallRequest,
    Failed,
    Finished,
    Left,
    Suspended,
    Turn,
    TurnResult,
)
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.steps import AgentStep

log = structlog.get_logger("runs")


def take_agent_turn(turn: Turn) -> TurnResult:
    """Start or resume the graph, or repeat what failed of the calls that its checkpoint waits for.

    A failed completion fails the attempt; a failed tool call is told to the model. Without the
    graph in the version that began, the step is left for another worker.
    """
    step = cast("AgentStep | CrewStep", turn.node)
    tasks = pinned_tasks(step, turn)
    toolbox = Toolbox(step.all_tools, turn.values, tenant_id=turn.step.tenant_id, tasks=tasks)
    if turn.checkpoint is not None and turn.checkpoint.turn == turn.step.turn:
        made = call_outcomes(turn.step, turn=turn.step.turn)
        answered = {outcome.index for outcome in made if _completion_failure(outcome) is None}
        return _suspend(step, turn, toolbox, turn.checkpoint, answered)
    for outcome in turn.outcomes:
        if failure := _completion_failure(outcome):
            return Failed(failure=failure)
    name = step.graph if isinstance(step, AgentStep) else "crew"
    pinned = turn.checkpoint.graph_version if turn.checkpoint else None
    try:
        graph = find_graph(name, version=pinned)
    except GraphMissing as missing:
        return Left(code="graph_missing", detail=str(missing))
    result = _invoke(graph, step, turn, toolbox)
    if isinstance(result, Paused):
        _check_size(result)
        checkpoint = _checkpoint(name, graph, turn, result, tasks)
        return _suspend(step, turn, toolbox, checkpoint)
    if result.failure is not None:
        return Failed(failure=_failure(result.failure))
    return Finished(output=result.output)


def _completion_failure(outcome: CallOutcome) -> CallFailure | None:
    """A tool's failure is an answer; a model's leaves the graph without one."""
    return outcome.failure if outcome.kind == "llm" else None


def _invoke(
    graph: LoadedGraph, step: AgentStep | CrewStep, turn: Turn, toolbox: Toolbox
) -> Paused | Ended:
    """Raises GraphError when the graph does: run again it would do no better."""
    try:
        return _go_on(graph.graph, step, turn, toolbox)
    except PlatformError:
        raise
    except Exception as error:
        log.exception("graph.crashed", step_id=str(turn.step.id), graph_version=graph.version)
        raise GraphError(f"The graph raised {type(error).__name__}.") from error


def _go_on(
    graph: Graph, step: AgentStep | CrewStep, turn: Turn, toolbox: Toolbox
) -> Paused | Ended:
    if turn.checkpoint is None:
        if isinstance(step, CrewStep):
            return start_graph(graph, crew_input(step, turn.values, toolbox))
        return start_graph(graph, agent_input(step, turn.values, toolbox))
    answers = {
        interrupt: _answer(toolbox, wish, outcome)
        for interrupt, wish, outcome in zip(
            turn.checkpoint.interrupts, turn.checkpoint.wishes, turn.outcomes, strict=True
        )
    }
    return resume_graph(graph, state=bytes(turn.checkpoint.state), answers=answers)


def _answer(toolbox: Toolbox, wish: dict[str, Any], outcome: CallOutcome) -> dict[str, Any]:
    """What the graph is told of a call; `shown` is the part that the model is to see."""
    output = outcome.output or {}
    if outcome.kind == "ask":
        is_call = wish["kind"] == "tool" and output["ok"]
        return {**output, **toolbox.shown(wish["name"], output["output"])} if is_call else output
    if outcome.kind == "llm":
        return {"text": output.get("text", ""), "tool_calls": list(output.get("tool_calls", ()))}
    if outcome.failure:
        return {"ok": False, "error": f"{outcome.failure.code}: {outcome.failure.detail}"}
    value = output.get("value")
    result: dict[str, Any] = {"value": value if value is not None else output.get("stdout", "")}
    if artifacts := output.get("artifacts"):
        result["artifacts"] = [artifact["name"] for artifact in artifacts]
    return {"ok": True, "output": result, **toolbox.shown(wish["name"], value)}


def _failure(told: dict[str, Any]) -> CallFailure:
    code = str(told.get("code", GraphError.code))
    return CallFailure(code=code, detail=str(told.get("detail", "")), is_retryable=False)


def _check_size(paused: Paused) -> None:
    """Raises TooMuchHeld: the graph's state is read and written in each turn."""
    limit = settings.PLATFORM.run_output_limit_bytes
    if (size := len(paused.state)) > limit:
        raise TooMuchHeld(
            f"What was said to and by the step's models and tools is {size} bytes;"
            f" RUN_OUTPUT_LIMIT_BYTES is {limit}. Let its tools give less, or leave files."
        )


def _checkpoint(
    name: str, graph: LoadedGraph, turn: Turn, paused: Paused, tasks: PinnedTasks
) -> Checkpoint:
    return Checkpoint(
        step_id=turn.step.id,
        tenant_id=turn.step.tenant_id,
        graph=name,
        graph_version=graph.version,
        task_versions={name: str(task.version.id) for name, task in tasks.items()},
        task_descriptions={name: task.description for name, task in tasks.items()},
        turn=turn.step.turn,
        interrupts=paused.interrupts,
        wishes=paused.wishes,
        state=paused.state,
    )


def _suspend(
    step: AgentStep | CrewStep,
    turn: Turn,
    toolbox: Toolbox,
    checkpoint: Checkpoint,
    answered: Collection[int] = (),
) -> Suspended:
    """Asks are named again whether answered or not: who begins them knows which there are."""
    wanted = [_wanted(step, turn, toolbox, wish) for wish in checkpoint.wishes]
    asks = {index: one for index, one in enumerate(wanted) if isinstance(one, AskWish)}
    calls = tuple(
        None if index in answered or isinstance(one, AskWish) else one
        for index, one in enumerate(wanted)
    )
    return Suspended(calls=calls, asks=asks, checkpoint=checkpoint)


def _wanted(
    step: AgentStep | CrewStep, turn: Turn, toolbox: Toolbox, wish: dict[str, Any]
) -> CallRequest | AskWish:
    wanted = read_wish(wish)
    if isinstance(wanted, CompletionWish):
        default = turn.spec.defaults.model
        return completion_request(
            step, wanted, toolbox, default_model=default, tenant_id=turn.step.tenant_id
        )
    return toolbox.request(wanted) if isinstance(wanted, ToolWish) else wanted
