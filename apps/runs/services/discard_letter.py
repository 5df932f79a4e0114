"""Close a dead letter without doing anything about it."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import transaction
from apps.runs.services.resolve_letter import lock_open_letter, resolve


def discard_letter(*, letter_id: UUID, at: datetime) -> None:
    """The letter is kept, and no longer counts as open. Raises NotFound, Conflict.

    Opens a transaction.
    """
    with transaction():
        resolve(lock_open_letter(letter_id), as_="discarded", at=at)
