"""An llm step: one completion."""

from typing import cast

from apps.gateway.contracts import CompletionRequest, Message
from apps.runs.services.turns.turn import Failed, Finished, Suspended, Turn, TurnResult
from apps.runs.spec.steps import LlmStep
from apps.runs.spec.template import render, render_schema


def take_llm_turn(turn: Turn) -> TurnResult:
    """First ask for the completion, then make the output of it: the decoded object when the step
    has a response_schema, else {"text": ...}."""
    step = cast("LlmStep", turn.node)
    if not turn.outcomes:
        return Suspended(calls=(_request(step, turn),))
    if turn.failure:
        return Failed(failure=turn.failure)
    output = turn.outcomes[0].output or {}
    if step.response_schema is not None:
        return Finished(output=output.get("parsed"))
    return Finished(output={"text": output.get("text", "")})


def _request(step: LlmStep, turn: Turn) -> CompletionRequest:
    system = str(render(step.system, turn.values))
    messages = [Message(role="system", content=system)] if system else []
    messages.append(Message(role="user", content=str(render(step.prompt, turn.values))))
    return CompletionRequest(
        model=step.model or turn.spec.defaults.model,
        messages=tuple(messages),
        response_schema=render_schema(step.response_schema, turn.values),
        max_tokens=step.max_tokens,
        temperature=step.temperature,
        critical=step.critical,
        is_streamed=step.stream,
    )
