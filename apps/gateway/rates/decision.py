"""Whether a call is within its rate limits, as a value."""

import math
from dataclasses import dataclass
from typing import Literal

from apps.tenants.contracts import OwnedRate, Rates

Unit = Literal["requests", "tokens"]


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the limit that has the least left. It is whole again after `reset_seconds`
    in which nothing is used."""

    limit: int
    remaining: int
    reset_seconds: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """The limit that has the call wait longest. `retry_after_seconds` None: the call needs more
    than the limit itself, and no time helps. `amount` is what it needs of the unit."""

    owned: OwnedRate
    unit: Unit
    retry_after_seconds: float | None
    amount: int

    @property
    def limit(self) -> int:
        """Requests or tokens a minute."""
        rate = self.owned.rate
        limit = rate.requests_per_minute if self.unit == "requests" else rate.tokens_per_minute
        assert limit is not None
        return limit

    @property
    def detail(self) -> str:
        """What to say about it, and what to change."""
        told = f"The {self.owned.kind}'s rate limit is {self.limit} {self.unit} a minute"
        if self.retry_after_seconds is None:
            return f"{told}, and this call alone may need more; ask for less, or raise the limit."
        seconds = math.ceil(self.retry_after_seconds)
        return f"{told}, and they are used; try again in {seconds} s, or raise the limit."


@dataclass(frozen=True, slots=True)
class Decision:
    """`requests` and `tokens` are None where nothing limits them. What was taken of `rates` are one
    request and `tokens_taken`, at `taken_at_ms` of the clock that counts."""

    rates: Rates
    refusal: Refusal | None = None
    requests: Quota | None = None
    tokens: Quota | None = None
    tokens_taken: int = 0
    taken_at_ms: int = 0

    @property
    def is_admitted(self) -> bool:
        return self.refusal is None


UNLIMITED = Decision(())


def has_token_limit(rates: Rates) -> bool:
    """Whether it matters how many tokens a call may use."""
    return any(one.rate.tokens_per_minute is not None for one in rates)
