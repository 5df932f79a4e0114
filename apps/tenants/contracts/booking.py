"""What one provider attempt holds, and then costs."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from agentplatform.core.errors import PlatformError


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A wish to hold amounts for one provider attempt, all or nothing.

    `lines` are (account id, amount); `tokens` and `cost_nanos` are charged should nobody ever
    settle the attempt, whose `memo` is then handed back.
    """

    attempt_id: UUID
    tenant_id: UUID
    call_id: UUID | None
    run_id: UUID | None
    lines: tuple[tuple[int, int], ...]
    tokens: int
    cost_nanos: int | None
    deadline: datetime
    memo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What one provider attempt used. `tokens` None: unknown, charged at what was reserved."""

    attempt_id: UUID
    tokens: int | None
    cost_nanos: int | None
    is_confirmed: bool = True


@dataclass(frozen=True, kw_only=True)
class ExpiredReservation:
    """A reservation whose attempt nobody settled; it has been charged at the reserved amounts."""

    attempt_id: UUID
    tenant_id: UUID
    call_id: UUID | None
    run_id: UUID | None
    tokens: int
    cost_nanos: int | None
    memo: dict[str, Any]


@dataclass(frozen=True)
class Charge:
    """What the ledger says that an attempt used, corrections included. `cost_nanos` None: its price
    is not known. `is_confirmed` False: charged at what was held, for nobody knows better."""

    attempt_id: UUID
    tenant_id: UUID
    call_id: UUID | None
    tokens: int
    cost_nanos: int | None
    is_confirmed: bool
    at: datetime


class BookingUnavailable(PlatformError):
    """The database could not be asked for room: nothing was booked."""

    code: ClassVar[str] = "booking_unavailable"
    status: ClassVar[int] = 503
    is_retryable: ClassVar[bool] = True
