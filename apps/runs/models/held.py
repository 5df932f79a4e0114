"""What a transaction knows and has decided of a run whose row it holds locked."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from agentplatform.core.postgresql.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentplatform.calls.contracts import CallOutcome
    from apps.runs.models.checkpoint import Checkpoint
    from apps.runs.models.step import Step


@dataclass
class StepChange:
    """What is to be written of a step, and where it stood before."""

    status: str
    turn: int
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnCalls:
    """The model and tool calls of a turn, by the attempt that sees them."""

    turn: int
    of_attempt: "Callable[[int], list[CallOutcome]]"


@dataclass
class Held:
    """`steps` were read under the lock, so that they are as they stand; `all_read` says that every
    step of the run outside of maps is among them. `checkpoints` are what was found of the steps
    that were asked for one, `calls` those that were read along. The rest is decided and not yet
    written, `batch` before the others. `may_be_lost`: a crash of the database may undo it."""

    event_seq: int
    steps: dict[UUID, "Step"] = field(default_factory=dict)
    all_read: bool = False
    checkpoints: dict[UUID, "Checkpoint | None"] = field(default_factory=dict)
    calls: TurnCalls | None = None
    may_be_lost: bool = False
    batch: Batch = field(default_factory=Batch)
    changes: dict[UUID, StepChange] = field(default_factory=dict)
    run_values: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    new_checkpoints: list["Checkpoint"] = field(default_factory=list)

    @property
    def is_written(self) -> bool:
        is_decided = self.changes or self.run_values or self.events or self.new_checkpoints
        return self.batch.is_empty and not is_decided
