"""What a turn is given and what it may come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentplatform.calls.contracts import CallFailure, CallOutcome
from apps.gateway.contracts import CompletionRequest
from apps.runs.agents.wishes import AskWish
from apps.runs.models import Checkpoint, Run, Step
from apps.runs.spec.document import Spec
from apps.runs.spec.kinds import SpecStep
from apps.tools.contracts import ToolRequest


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A claimed step with all that its turn may read. `outcomes` answer the calls of the turn
    before, in the order they were asked for; empty on a first turn."""

    run: Run
    step: Step
    spec: Spec
    values: dict[str, Any]
    outcomes: tuple[CallOutcome, ...]
    checkpoint: Checkpoint | None

    @property
    def node(self) -> SpecStep:
        """What the spec says of the step, or of an item of it."""
        return self.spec.step_of(self.step.name, self.step.item_index)

    @property
    def failure(self) -> CallFailure | None:
        """The first failure among the outcomes."""
        return next((outcome.failure for outcome in self.outcomes if outcome.failure), None)


CallRequest = CompletionRequest | ToolRequest


@dataclass(frozen=True, kw_only=True)
class Suspended:
    """The step waits for these calls, the position of each being its index; None is a call that an
    attempt before has made, or an ask. `asks` are by index what people and other runs are to
    answer. `checkpoint` is to be stored with them, if there is one."""

    calls: tuple[CallRequest | None, ...]
    asks: Mapping[int, AskWish] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The step is done; `output` is JSON."""

    output: Any


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The attempt failed."""

    failure: CallFailure


@dataclass(frozen=True, kw_only=True)
class Left:
    """This worker cannot take the turn; the step is left for one that can."""

    code: str
    detail: str


TurnResult = Suspended | Finished | Failed | Left
