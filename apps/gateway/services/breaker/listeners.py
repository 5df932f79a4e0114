"""What a change of a circuit's state tells: a gauge, and a line in the log."""

from typing import Any, Final

import structlog
from pybreaker import CircuitBreaker, CircuitBreakerListener

from agentplatform.telemetry.metrics import LLM_CIRCUIT_BREAKER_STATE
from apps.gateway.services.breaker.rules import CLOSED, HALF_OPEN, OPEN
from apps.gateway.services.breaker.target_breaker import TargetBreaker

log = structlog.get_logger("llm")

_NUMBERS: Final = {CLOSED: 0, HALF_OPEN: 1, OPEN: 2}


class StateGauge(CircuitBreakerListener):
    """Each provider's worst state over its models, as this process knows it. Tenants' own keys are
    theirs, and say nothing of the provider."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, int]] = {}

    def state_change(self, cb: CircuitBreaker, _old_state: Any, new_state: Any) -> None:
        assert isinstance(cb, TargetBreaker)
        if cb.subject.key_id:
            return
        states = self._states.setdefault(cb.subject.provider, {})
        states[cb.subject.model] = _NUMBERS[new_state.name]
        if not states[cb.subject.model]:
            del states[cb.subject.model]
        gauge = LLM_CIRCUIT_BREAKER_STATE.labels(provider=cb.subject.provider)
        gauge.set(max(states.values(), default=0))


class ChangeLog(CircuitBreakerListener):
    """A line where the circuit was opened or closed; processes that only hear of it say nothing."""

    def state_change(self, cb: CircuitBreaker, _old_state: Any, _new_state: Any) -> None:
        assert isinstance(cb, TargetBreaker)
        view, subject = cb.copy.view, cb.subject
        names = {"provider": subject.provider, "model": subject.model}
        if subject.key_id:
            names["own_key_id"] = subject.key_id
        if view.change == "opened":
            log.warning(
                "breaker.opened", cause=view.cause, open_seconds=view.left_ms / 1000, **names
            )
        elif view.change == "closed":
            log.info("breaker.closed", **names)
