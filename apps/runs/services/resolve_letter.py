"""Decide about a dead letter, once."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from agentplatform.core.actor import current_actor
from agentplatform.core.errors import Conflict, NotFound
from agentplatform.core.transactions import require_transaction
from agentplatform.dead_letters.models import DeadLetter
from apps.tenants import facade as tenants


def lock_open_letter(letter_id: UUID) -> DeadLetter:
    """The letter, locked. Raises NotFound, and Conflict for one that was decided about."""
    require_transaction()
    letters = DeadLetter.objects.select_for_update(of=("self",))
    letter = letters.filter(id=letter_id).first()
    if letter is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    if letter.status != "open":
        raise Conflict(f"The dead letter was {letter.status} by {letter.resolved_by}.")
    return letter


def resolve(letter: DeadLetter, *, as_: Literal["replayed", "discarded"], at: datetime) -> None:
    """End a locked, open letter; the audit says who did. Requires a transaction."""
    actor = current_actor()
    letter.resolved_by = (actor.name or actor.id or actor.kind)[:254]
    setattr(letter, f"{as_}_at", at)
    letter.save(update_fields=["resolved_by", f"{as_}_at"])
    tenants.record_change(
        tenant_id=letter.tenant_id,
        action=f"dead_letter.{as_}",
        target=("dead_letter", letter.id),
        at=at,
        before={"status": "open"},
        after={"status": as_, "kind": letter.kind, "reason": letter.reason, "task": letter.task},
    )
