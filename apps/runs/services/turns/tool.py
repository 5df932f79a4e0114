"""A tool step: one tool call."""

from typing import cast

from apps.runs.services.turns.turn import Failed, Finished, Suspended, Turn, TurnResult
from apps.runs.spec.steps import ToolStep
from apps.runs.spec.template import render
from apps.tools.contracts import ToolRequest


def take_tool_turn(turn: Turn) -> TurnResult:
    """First ask for the call, then take its result (value, stdout, artifacts) as the output."""
    step = cast("ToolStep", turn.node)
    if not turn.outcomes:
        request = ToolRequest(
            tool=step.tool,
            arguments=render(step.arguments, turn.values),
            timeout_seconds=step.timeout_seconds,
        )
        return Suspended(calls=(request,))
    if turn.failure:
        return Failed(failure=turn.failure)
    return Finished(output=turn.outcomes[0].output)
