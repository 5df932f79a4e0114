"""What the tools' facade tells of a turn."""

from uuid import UUID

from agentplatform.calls.contracts import CallOutcome
from agentplatform.core.postgresql.reads import Reads
from apps.tools import facade


def outcomes_of(*, step_id: UUID, attempt: int, turn: int) -> list[CallOutcome]:
    reads = Reads()
    found = facade.read_outcomes(reads, step_id=step_id, turn=turn)
    reads.execute()
    return found(attempt)
