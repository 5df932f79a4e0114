"""Take one turn of a claimed step. A turn never blocks: it names the calls that it wants."""

from collections.abc import Callable
from typing import Any

import structlog
from django.utils.module_loading import import_string

from agentplatform.calls.contracts import CallFailure, CallOutcome
from agentplatform.core.errors import PlatformError
from apps.runs.models import Checkpoint
from apps.runs.selectors import call_outcomes, item_values, spec_of, values_of
from apps.runs.services.claim_step import Claim
from apps.runs.services.turns.turn import Failed, Turn, TurnResult

log = structlog.get_logger("runs")

_KINDS = {
    "llm": "apps.runs.services.turns.llm.take_llm_turn",
    "tool": "apps.runs.services.turns.tool.take_tool_turn",
    "agent": "apps.runs.services.turns.agent.take_agent_turn",
    "crew": "apps.runs.services.turns.agent.take_agent_turn",
}
"""Who takes a turn of each kind; imported on first use, for LangGraph's sake (agents.registry)."""


def outcomes_of(claim: Claim) -> tuple[CallOutcome, ...]:
    """The recorded calls of the turn before the claimed one, by index."""
    return call_outcomes(claim.step, turn=claim.step.turn - 1) if claim.step.turn else ()


def take_turn(claim: Claim, outcomes: tuple[CallOutcome, ...]) -> TurnResult:
    """The result of the claimed turn. Writes nothing; what goes wrong is a Failed result."""
    try:
        turn = Turn(
            run=claim.run,
            step=claim.step,
            spec=spec_of(claim.run),
            values=_values_of(claim),
            outcomes=outcomes,
            checkpoint=Checkpoint.objects.filter(step_id=claim.step.id).first(),
        )
        take: Callable[[Turn], TurnResult] = import_string(_KINDS[claim.step.kind])
        return take(turn)
    except PlatformError as error:
        return _failed(error.code, error.detail, is_retryable=error.is_retryable)
    except Exception as error:
        log.exception("step.turn_crashed", run_id=str(claim.run.id), step_id=str(claim.step.id))
        return _failed(
            "internal_error", f"The turn raised {type(error).__name__}.", is_retryable=True
        )


def _values_of(claim: Claim) -> dict[str, Any]:
    values = values_of(claim.run)
    return item_values(values, claim.step) if claim.step.item_index >= 0 else values


def _failed(code: str, detail: str, *, is_retryable: bool) -> Failed:
    return Failed(failure=CallFailure(code=code, detail=detail, is_retryable=is_retryable))
