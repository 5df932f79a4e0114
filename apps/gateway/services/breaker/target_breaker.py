"""What this process knows of one circuit, with pybreaker's states, listeners and exclusions.

pybreaker calls the guarded function under its lock and counts in its storage, one command a call.
Here a breaker is asked before a call and told after it, and its storage is a copy of what all
processes share; so `call` of pybreaker is never used.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pybreaker import CircuitBreaker, CircuitBreakerListener, CircuitBreakerStorage

from apps.gateway.providers import errors
from apps.gateway.services.breaker.rules import CLOSED, HALF_OPEN, OPEN, News, ProbeEnd, View

EXCLUDED: Final = (
    errors.RateLimited,
    errors.BadRequest,
    errors.ContextTooLong,
    errors.ContentFiltered,
    errors.ModelNotFound,
    errors.InvalidOutput,
    errors.InvalidAnswer,
)
"""A provider that says so works: its limit, or the request, is what is wrong."""
REFUSALS: Final = (errors.AuthenticationFailed, errors.OutOfCredit)
"""Our key or our account is what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a circuit is of. `key_id` is empty for the platform's own key."""

    provider: str
    model: str
    key_id: str = ""

    @property
    def name(self) -> str:
        parts = (self.provider, self.key_id, self.model)
        return ":".join(parts).encode(errors="replace").decode()


class Copy(CircuitBreakerStorage):
    """The last view of a circuit. `known_at` is when it was had; a moment passes until the next."""

    def __init__(self, name: str, monotonic: Callable[[], float]) -> None:
        super().__init__(name)
        self._monotonic = monotonic
        self.view = View()
        self.known_at: float | None = None

    def take(self, view: View) -> None:
        """What the circuit is now."""
        self.view, self.known_at = view, self._monotonic()

    @property
    def left_seconds(self) -> float:
        """For how long it is still open."""
        if self.known_at is None:
            return 0.0
        return max(0.0, self.view.left_ms / 1000 - (self._monotonic() - self.known_at))

    def now(self) -> View:
        """The view, with the time that is left now."""
        return replace(self.view, left_ms=int(self.left_seconds * 1000))

    @property
    def state(self) -> str:
        if self.view.state == OPEN:
            return OPEN if self.left_seconds > 0 else HALF_OPEN
        return self.view.state

    @state.setter
    def state(self, _state: str) -> None:
        """What all processes share is not changed here."""

    counter = 0
    success_counter = 0
    opened_at: datetime | None = None


class TargetBreaker(CircuitBreaker):
    """One circuit and what is to be told of it. Belongs to an event loop."""

    def __init__(
        self,
        subject: Subject,
        *,
        listeners: Sequence[CircuitBreakerListener],
        monotonic: Callable[[], float],
    ) -> None:
        self.subject = subject
        self.copy = Copy(subject.name, monotonic)
        self.used_at = monotonic()
        self.is_claiming = False
        self._owner = ""
        self._probe: ProbeEnd = ""
        self._forget_counts()
        super().__init__(
            exclude=EXCLUDED, listeners=listeners, state_storage=self.copy, name=subject.name
        )

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to tell, and no probe of ours."""
        return not self._calls and not self._owner

    @property
    def is_closed(self) -> bool:
        return self.copy.state == CLOSED

    @property
    def may_claim(self) -> bool:
        """Whether a probe is due that nobody is known to have."""
        is_free = not (self.copy.view.is_probed or self.is_claiming or self._owner)
        return is_free and self.copy.state == HALF_OPEN

    def learn(self, view: View) -> None:
        """Take in what the circuit is now, and tell the listeners if that is another state."""
        self.copy.take(view)
        _ = self.state

    def hold_probe(self, owner: str) -> None:
        """The probe is ours until it ends."""
        self._owner, self._probe = owner, "held"

    def count(self, error: errors.ProviderError | None, *, owner: str) -> bool:
        """A call ended so; as the probe if it has an owner. True: that may change the state."""
        if owner:
            self.end_probe(owner, _probe_end(self, error))
            return True
        self._calls += 1
        if error is None or not self.is_system_error(error):
            return False
        if isinstance(error, REFUSALS):
            self._refusals += 1
        else:
            self._failures += 1
        return True

    def end_probe(self, owner: str, end: ProbeEnd) -> None:
        """The probe says so, unless it is no longer ours."""
        if owner == self._owner:
            self._probe = end

    def take_news(self) -> News:
        """What is to be told; it is not told again, but for a probe that goes on."""
        news = News(
            name=self.subject.name,
            calls=self._calls,
            failures=self._failures,
            refusals=self._refusals,
            owner=self._owner,
            probe=self._probe,
        )
        self._forget_counts()
        return news

    def forget_probe(self, news: News) -> None:
        """The end of the probe was told."""
        if news.owner == self._owner and news.probe != "held":
            self._owner, self._probe = "", ""

    def _forget_counts(self) -> None:
        self._calls = self._failures = self._refusals = 0


def _probe_end(breaker: CircuitBreaker, error: errors.ProviderError | None) -> ProbeEnd:
    if error is None or not breaker.is_system_error(error):
        return "good"
    return "account" if isinstance(error, REFUSALS) else "outage"
