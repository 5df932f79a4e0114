"""Which alert the failure of a call gives cause to."""

from collections.abc import Sequence
from typing import Final

from apps.gateway.services.alerts import raise_alert, tell_refusal
from apps.gateway.services.attempt import Attempt, Failed, Job

NOBODY_ANSWERED: Final = ("providers_failed", "circuit_open")
MAX_ATTEMPTS_TOLD: Final = 10


def tell_failure(job: Job, failed: Failed, attempts: Sequence[Attempt]) -> None:
    """Raise what the failure of a call gives cause to: a budget without room, or that nobody
    answered."""
    owner = job.owner
    if failed.refused_by is not None:
        account_id = failed.refused_by.account_id
        tell_refusal(tenant_id=owner.tenant_id, account_id=account_id, at=job.at)
    elif failed.failure.code in NOBODY_ANSWERED:
        asked = [
            {"provider": one.provider, "model": one.model, "error_code": one.error_code}
            for one in attempts[-MAX_ATTEMPTS_TOLD:]
        ]
        raise_alert(
            kind="providers_failed",
            subject=job.request.model,
            at=job.at,
            tenant_id=owner.tenant_id,
            details={"model": job.request.model[:255], "attempts": asked, "run_id": owner.run_id},
        )
