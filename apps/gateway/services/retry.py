"""What to do after a provider failed: a decision, apart from who carries it out."""

from dataclasses import dataclass
from typing import Literal

from apps.gateway.providers.errors import InvalidOutput, ProviderError, ProviderTimeout

MAX_TRIES = 3
# The same model with the same prompt rarely does better a third time.
MAX_TRIES_OF_INVALID_OUTPUT = 2
FIRST_DELAY_SECONDS = 0.5
LONGEST_WAIT_BEFORE_FAILOVER_SECONDS = 10.0


@dataclass(frozen=True)
class Decision:
    """Ask the same provider again after `delay_seconds`, go on to the next one, or give up."""

    action: Literal["retry", "next", "stop"]
    delay_seconds: float = 0.0


def decide(
    error: ProviderError, *, tries: int, has_next: bool, left_seconds: float, jitter: float
) -> Decision:
    """`tries` were made at this provider; `jitter` in [0, 1) spreads the delays of many callers."""
    if not error.is_retryable:
        return Decision("next" if error.is_failover else "stop")
    if isinstance(error, ProviderTimeout) and has_next:
        return Decision("next")
    limit = MAX_TRIES_OF_INVALID_OUTPUT if isinstance(error, InvalidOutput) else MAX_TRIES
    delay = _delay(error, tries, jitter)
    is_worth_waiting = delay < left_seconds and (
        not has_next or delay <= LONGEST_WAIT_BEFORE_FAILOVER_SECONDS
    )
    return Decision("retry", delay) if tries < limit and is_worth_waiting else Decision("next")


def wait_after(error: ProviderError) -> float:
    """For how long the provider that said so surely answers nobody, in seconds."""
    return error.retry_after or 0.0


def _delay(error: ProviderError, tries: int, jitter: float) -> float:
    if isinstance(error, InvalidOutput):
        return 0.0
    backoff = FIRST_DELAY_SECONDS * 2 ** (tries - 1) * (0.5 + jitter / 2)
    if error.retry_after is not None:
        return float(error.retry_after + backoff * jitter)
    return float(backoff)
