"""Write the dead letter of a step or a call, in the transaction that fails it."""

from datetime import datetime
from uuid import UUID

import structlog

from agentplatform.core.json_values import clean_text
from agentplatform.core.mask import mask_text
from agentplatform.core.transactions import after_commit, require_transaction
from agentplatform.dead_letters.models import DeadLetter
from agentplatform.dead_letters.reasons import Reason
from agentplatform.telemetry.metrics import DEAD_LETTERS

log = structlog.get_logger("dead_letters")


def bury_work(
    *,
    tenant_id: UUID,
    task: str,
    reason: Reason,
    detail: str,
    run_id: UUID,
    step_id: UUID,
    at: datetime,
    call_id: UUID | None = None,
) -> None:
    """Add the letter of a call, or of the step itself without one. Requires a transaction.

    `task` is the Celery task that its worker died in.
    """
    require_transaction()
    kind = DeadLetter.Kind.STEP if call_id is None else DeadLetter.Kind.CALL
    letter = DeadLetter.objects.create(
        tenant_id=tenant_id,
        kind=kind,
        task=task,
        reason=reason,
        detail=clean_text(mask_text(detail)),
        run_id=run_id,
        step_id=step_id,
        call_id=call_id,
        created_at=at,
    )
    after_commit(_tell, letter=letter)


def _tell(letter: DeadLetter) -> None:
    DEAD_LETTERS.labels(letter.kind).inc()
    log.error(
        "dead_letter.written",
        dead_letter_id=str(letter.id),
        kind=str(letter.kind),
        reason=str(letter.reason),
        task=letter.task,
        tenant_id=str(letter.tenant_id),
        run_id=str(letter.run_id),
        step_id=str(letter.step_id),
        call_id=str(letter.call_id) if letter.call_id else None,
    )
