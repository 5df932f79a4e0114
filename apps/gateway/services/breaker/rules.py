"""When a target is left alone for a while: values that the keepers of circuits share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN

from agentplatform.settings.environment import Environment

CLOSED: Final = STATE_CLOSED
OPEN: Final = STATE_OPEN
HALF_OPEN: Final = STATE_HALF_OPEN

Cause = Literal["", "outage", "account"]
ProbeEnd = Literal["", "held", "good", "outage", "account", "none"]
Change = Literal["", "opened", "kept_open", "closed"]

BUCKETS: Final = 10
"""The window moves on by a tenth of its length."""
LEAST_REFUSALS: Final = 3
"""A key that is refused is refused again: fewer calls show it than show an outage."""
PROBE_MS: Final = 10_000
"""A prober that is not heard of for so long is taken for dead."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A circuit opens for `open_ms` when of at least `least_calls` within the last `window_ms` the
    share `failure_rate` failed."""

    window_ms: int
    least_calls: int
    failure_rate: float
    open_ms: int

    @property
    def bucket_ms(self) -> int:
        return max(1, self.window_ms // BUCKETS)

    def opening(self, *, calls: int, failures: int, refusals: int) -> Cause:
        """Why a circuit with these counts opens; empty: it stays closed. `failures` and `refusals`
        are apart. The script of shared_circuits says the same to Valkey."""
        is_often = failures + refusals >= calls * self.failure_rate
        if is_often and refusals >= LEAST_REFUSALS and refusals >= failures:
            return "account"
        return "outage" if is_often and calls >= self.least_calls else ""


def rules_of(settings: Environment) -> Rules:
    """The rules that the settings say."""
    return Rules(
        window_ms=int(settings.breaker_window_seconds * 1000),
        least_calls=settings.breaker_least_calls,
        failure_rate=settings.breaker_failure_rate,
        open_ms=int(settings.breaker_open_seconds * 1000),
    )


@dataclass(frozen=True, kw_only=True)
class News:
    """What happened at a circuit since the last news: calls that ended, how many of them failed or
    had our key refused, and how the probe of `owner` goes (`held`) or ended; `none`: it was given
    up and says nothing."""

    name: str
    calls: int = 0
    failures: int = 0
    refusals: int = 0
    owner: str = ""
    probe: ProbeEnd = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """A circuit at a moment. OPEN ends after `left_ms`. `is_probed`: somebody holds the probe.
    `change` is what the news at hand did."""

    state: str = CLOSED
    left_ms: int = 0
    cause: Cause = ""
    is_probed: bool = False
    change: Change = ""


class Circuits(Protocol):
    """Who keeps the circuits: for every process, or for this one alone."""

    async def exchange(self, news: Sequence[News], *, rules: Rules) -> Sequence[View]:
        """Take the news in; what each circuit is now."""
        ...

    async def claim(self, name: str, *, owner: str) -> View | None:
        """None: the probe of this half-open circuit belongs to `owner`. Otherwise what it is, so
        that nobody may probe it now, or need not."""
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...
