"""What the facade of the gateway or of the tools tells of a turn."""

from typing import Any
from uuid import UUID

from agentplatform.calls.contracts import CallOutcome
from agentplatform.core.postgresql.reads import Reads


def outcomes_of(facade: Any, *, step_id: UUID, attempt: int, turn: int) -> list[CallOutcome]:
    reads = Reads()
    found = facade.read_outcomes(reads, step_id=step_id, turn=turn)
    reads.execute()
    return list(found(attempt))
