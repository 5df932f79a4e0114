"""How a call that got no answer is reported."""

from collections.abc import Sequence

from agentplatform.calls.contracts import CallFailure
from agentplatform.core.money import format_usd
from apps.gateway.providers.errors import InvalidOutput, ProviderError
from apps.gateway.services.attempt import Attempt
from apps.gateway.services.hold import NoRoom
from apps.gateway.services.routes import Target


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


def request_failure(target: Target, error: ProviderError) -> CallFailure:
    """The provider says that the request is wrong; no other would say otherwise."""
    return CallFailure(
        code=error.code,
        detail=f"{target.provider.name} refused the request for {target.model}: {error}",
        is_retryable=False,
    )


def providers_failure(
    attempts: Sequence[Attempt], unpriced: Sequence[Target], deadline_seconds: float
) -> CallFailure:
    """Everyone was asked in vain; the detail lists each attempt."""
    told = [
        f"{one.provider}:{one.model} {one.error_code} after {one.latency_ms} ms: {one.detail}"
        for one in attempts
    ] + [
        f"{one.provider.name}:{one.model} not asked: its price is not known, "
        "and the tenant's budget is in USD"
        for one in unpriced
    ]
    codes = {one.error_code for one in attempts}
    code = "invalid_output" if codes == {InvalidOutput.code} else "providers_failed"
    return CallFailure(
        code=code,
        detail="; ".join(told) or f"No provider was asked within {deadline_seconds:g} s.",
        is_retryable=any(one.is_retryable for one in attempts) or not told,
    )
