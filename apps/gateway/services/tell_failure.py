"""Which alert the failure of a call gives cause to."""

from collections.abc import Sequence
from typing import Any, Final

from apps.gateway.services.alerts import raise_alert, tell_refusal
from apps.gateway.services.attempt import Attempt, Failed, Job

NOBODY_ANSWERED: Final = ("providers_failed", "circuit_open")
MAX_ATTEMPTS_TOLD: Final = 10
MAX_REASON: Final = 500


def tell_failure(job: Job, failed: Failed, attempts: Sequence[Attempt]) -> None:
    """Raise what the failure of a call gives cause to: a budget without room, or that nobody
    answered."""
    owner = job.owner
    if failed.refused_by is not None:
        account_id = failed.refused_by.account_id
        tell_refusal(tenant_id=owner.tenant_id, account_id=account_id, at=job.at)
    elif failed.failure.code in NOBODY_ANSWERED:
        raise_alert(
            kind="providers_failed",
            subject=job.request.model,
            at=job.at,
            tenant_id=owner.tenant_id,
            details={
                "model": job.request.model[:255],
                "run_id": owner.run_id,
                **_why(failed, attempts),
            },
        )


def _why(failed: Failed, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Who was asked; why nobody was, in words of our own. What a provider said is not told: it may
    hold what it was asked."""
    asked = [
        {"provider": one.provider, "model": one.model, "error_code": one.error_code}
        for one in attempts[-MAX_ATTEMPTS_TOLD:]
    ]
    reason = {} if asked else {"reason": failed.failure.detail[:MAX_REASON]}
    return {"attempts": asked, **reason}
