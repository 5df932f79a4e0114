"""Take one turn of a claimed step. A turn never blocks: it names the calls that it wants."""

from collections.abc import Callable

import structlog
from django.utils.module_loading import import_string

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.errors import PlatformError
from apps.runs.agents.registry import load_own_graphs
from apps.runs.contracts import OtherRelease
from apps.runs.selectors import spec_of
from apps.runs.services.claim import Claim
from apps.runs.services.turns.turn import Failed, Turn, TurnResult

log = structlog.get_logger("runs")

_KINDS = {
    "llm": "apps.runs.services.turns.llm.take_llm_turn",
    "tool": "apps.runs.services.turns.tool.take_tool_turn",
    "agent": "apps.runs.services.turns.agent.take_agent_turn",
    "crew": "apps.runs.services.turns.agent.take_agent_turn",
}
"""Who takes a turn of each kind; imported on first use, for LangGraph's sake (agents.registry)."""


def load_takers() -> None:
    """Import all that turns need, but for the graphs of operators."""
    for kind in _KINDS:
        _taker(kind)
    load_own_graphs()


def take_turn(claim: Claim) -> TurnResult:
    """The result of the claimed turn. Writes nothing; what goes wrong is a Failed result.

    Raises OtherRelease when another worker must take it.
    """
    try:
        turn = Turn(
            run=claim.run,
            step=claim.step,
            spec=spec_of(claim.run),
            values=claim.values,
            outcomes=claim.outcomes,
            checkpoint=claim.checkpoint,
        )
        return _taker(claim.step.kind)(turn)
    except OtherRelease:
        raise
    except PlatformError as error:
        return _failed(error.code, error.detail, is_retryable=error.is_retryable)
    except Exception as error:
        log.exception("step.turn_crashed", run_id=str(claim.run.id), step_id=str(claim.step.id))
        return _failed(
            "internal_error", f"The turn raised {type(error).__name__}.", is_retryable=True
        )


def _taker(kind: str) -> Callable[[Turn], TurnResult]:
    if kind not in _KINDS:
        raise OtherRelease(f"This worker does not know steps of the kind `{kind}`.")
    take: Callable[[Turn], TurnResult] = import_string(_KINDS[kind])
    return take


def _failed(code: str, detail: str, *, is_retryable: bool) -> Failed:
    return Failed(failure=CallFailure(code=code, detail=detail, is_retryable=is_retryable))
