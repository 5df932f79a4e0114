"""What runs, gateway and tools say to each other about one call (a model call or a tool call)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

CallKind = Literal["llm", "tool"]


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """Where a call belongs. Its idempotency key is made of that: planning it twice finds it.

    A call that `is_held` is to wait for a place; those of a higher `priority` get one first.
    """

    tenant_id: UUID
    run_id: UUID
    step_id: UUID
    attempt: int
    turn: int
    index: int
    priority: int = 0
    is_held: bool = False

    @property
    def idempotency_key(self) -> str:
        return f"{self.step_id}:{self.attempt}:{self.turn}:{self.index}"


@dataclass(frozen=True, kw_only=True)
class CallFailure:
    """Why a call failed: a stable code, a sentence for people, and whether a retry may help."""

    code: str
    detail: str
    is_retryable: bool


@dataclass(frozen=True, kw_only=True)
class CallOutcome:
    """The recorded state of one call, made in the step's `attempt`, or of an `ask`: what the step
    has asked of neither a model nor a tool. `output` is JSON; exactly one of output and failure is
    set once `is_finished`. `tokens` and `cost_nanos` cover every provider
    attempt of the call; an unknown cost is None."""

    call_id: UUID
    kind: CallKind | Literal["ask"]
    attempt: int
    index: int
    is_finished: bool
    output: dict[str, Any] | None = None
    failure: CallFailure | None = None
    tokens: int = 0
    cost_nanos: int | None = 0
    duration_ms: int = 0
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DueCall:
    """A call that nobody holds and whose message may be lost."""

    call_id: UUID
    kind: CallKind
    step_id: UUID
    turn: int


@dataclass(frozen=True, kw_only=True)
class HeldCall(DueCall):
    """A call that waits for a place, and what its turn depends on."""

    priority: int
    created_at: datetime
