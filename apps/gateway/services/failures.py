"""How a call that got no answer is reported."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.money import format_usd
from apps.gateway.providers.errors import (
    ContextTooLong,
    InvalidOutput,
    ProviderError,
    Unsupported,
)
from apps.gateway.rates.decision import Refusal
from apps.gateway.services.attempt import Attempt
from apps.gateway.services.breaker.breakers import Shut
from apps.gateway.services.hold import NoRoom
from apps.gateway.services.routes import Target

CIRCUIT_OPEN: Final = "circuit_open"
"""Of a call for which nobody may be asked now."""
_TOLD = frozenset({InvalidOutput.code, ContextTooLong.code, Unsupported.code})
"""What is said by its own code where it is all that went wrong: the request is the cause."""


def budget_failure(refusal: NoRoom) -> CallFailure:
    """An account has no room; says whose, how much is left and how much is needed."""
    account = refusal.account
    owner = "run's" if account.kind == "run" else f"{account.kind}'s monthly"
    unit, left, needed = "token", f"{account.room}", f"{refusal.needed}"
    if account.unit == "nanos":
        unit, left, needed = "USD", f"{format_usd(account.room)}", f"{format_usd(refusal.needed)}"
    return CallFailure(
        code="budget_exceeded",
        detail=f"The {owner} {unit} budget has {left} left and this call may need {needed}; "
        "raise the budget, or ask for less with a shorter prompt or a smaller max_tokens.",
        is_retryable=False,
    )


def rate_failure(refusal: Refusal) -> CallFailure:
    """The call alone is more than its rate limit lets pass in a minute."""
    return CallFailure(code="rate_limit_exceeded", detail=refusal.detail, is_retryable=False)


def request_failure(target: Target, error: ProviderError) -> CallFailure:
    """The provider says that the request is wrong; no other would say otherwise."""
    return CallFailure(
        code=error.code,
        detail=f"{target.provider.name} refused the request for {target.model}: {error}",
        is_retryable=False,
    )


def providers_failure(
    attempts: Sequence[Attempt],
    *,
    unpriced: Sequence[Target],
    shut: Sequence[tuple[Target, Shut]],
    deadline_seconds: float,
    at: datetime,
) -> CallFailure:
    """Everyone was asked in vain, or was not asked; the detail lists each of them."""
    told = [
        *(
            f"{one.provider}:{one.model} {one.error_code} after {one.latency_ms} ms: {one.detail}"
            for one in attempts
        ),
        *(
            f"{one.provider.name}:{one.model} not asked: its price is not known, "
            "and the tenant's budget is in USD"
            for one in unpriced
        ),
        *(_told_of_shut(target, found, at) for target, found in shut),
    ]
    is_shut_alone = bool(shut) and not attempts
    return CallFailure(
        code=CIRCUIT_OPEN if is_shut_alone else _code_of(attempts),
        detail="; ".join(told) or f"No provider was asked within {deadline_seconds:g} s.",
        is_retryable=bool(shut) or any(one.is_retryable for one in attempts) or not told,
    )


def _code_of(attempts: Sequence[Attempt]) -> str:
    codes = {one.error_code for one in attempts}
    return next(iter(codes)) if len(codes) == 1 and codes <= _TOLD else "providers_failed"


def _told_of_shut(target: Target, shut: Shut, at: datetime) -> str:
    why = "it refuses our key" if shut.cause == "account" else "it failed too often"
    until = "once the probe that runs now has an answer"
    if shut.left_seconds > 0:
        until = f"at {at + timedelta(seconds=shut.left_seconds):%Y-%m-%d %H:%M:%S} UTC"
    return f"{target.provider.name}:{target.model} not asked: {why}; it is tried again {until}"
