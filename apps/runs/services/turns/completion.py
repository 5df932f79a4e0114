"""The model call that a graph wishes for, made to fit the model's window."""

from uuid import UUID

from apps.gateway import facade as gateway
from apps.gateway.contracts import CompletionRequest, ToolSpec
from apps.runs.agents.trimming import trim
from apps.runs.agents.wishes import CompletionWish, GraphError
from apps.runs.services.turns.toolbox import Toolbox
from apps.runs.spec.crew_steps import CrewStep
from apps.runs.spec.steps import AgentStep


def completion_request(
    step: AgentStep | CrewStep,
    wish: CompletionWish,
    toolbox: Toolbox,
    *,
    default_model: str,
    tenant_id: UUID,
) -> CompletionRequest:
    """The same wish gives the same request. Raises GraphError for a tool that the step lacks."""
    minimum = step.min_tool_calls if isinstance(step, AgentStep) else 1
    request = CompletionRequest(
        model=wish.model or step.model or default_model,
        messages=wish.messages,
        tools=_tools(wish, toolbox),
        tool_choice=wish.tool_choice,
        min_tool_calls=minimum if wish.tool_choice == "required" else 1,
        response_schema=wish.response_schema,
        max_tokens=step.max_tokens,
        temperature=step.temperature,
        critical=step.critical,
        is_streamed=step.stream,
        is_mended=wish.response_schema is not None,
    )
    window = step.context_tokens or gateway.context_tokens(model=request.model, tenant_id=tenant_id)
    return request if window is None else _fitted(request, window)


def _tools(wish: CompletionWish, toolbox: Toolbox) -> tuple[ToolSpec, ...]:
    if wish.tools is None:
        return tuple(toolbox.specs.values())
    missing = [tool for tool in wish.tools if isinstance(tool, str) and tool not in toolbox.specs]
    if missing:
        raise GraphError(f"The graph offers the tool `{missing[0]}`, which the step lacks.")
    return tuple(toolbox.specs[tool] if isinstance(tool, str) else tool for tool in wish.tools)


def _fitted(request: CompletionRequest, window: int) -> CompletionRequest:
    if gateway.surely_fits(request, window=window):
        return request
    room = gateway.messages_room(request, window=window)
    messages = trim(request.messages, room=room, tokens_of=gateway.message_tokens)
    return request.model_copy(update={"messages": tuple(messages)})
