"""The alert that a target is left alone."""

from typing import Any

from pybreaker import CircuitBreaker, CircuitBreakerListener

from agentplatform.core.clock import now
from apps.gateway.services.alerts import raise_alert
from apps.gateway.services.breaker.target_breaker import TargetBreaker


class OpenAlarm(CircuitBreakerListener):
    """Raised where the circuit was opened, on the event loop of its breakers."""

    def state_change(self, cb: CircuitBreaker, _old_state: Any, _new_state: Any) -> None:
        assert isinstance(cb, TargetBreaker)
        view, subject = cb.copy.view, cb.subject
        if view.change != "opened":
            return
        name = f"{subject.provider}:{subject.model}"
        details = {"provider": subject.provider, "model": subject.model, "cause": view.cause}
        if subject.key_id:
            name, details["own_key_id"] = f"{name} {subject.key_id}", subject.key_id
        raise_alert(kind="breaker_open", subject=name, at=now(), details=details)
