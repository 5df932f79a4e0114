"""Values that cross the border of tenants."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, ClassVar, Literal, Protocol, TypedDict
from uuid import UUID

from agentplatform.core.errors import PlatformError

Role = Literal["viewer", "member", "admin", "staff"]
Right = Literal["read", "run", "gateway", "admin", "platform"]


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who makes a request: a tenant, the user or the key, and what it may do. `name` is for people:
    the user's address or the key's name."""

    tenant_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    name: str
    rights: frozenset[Right]


@dataclass(frozen=True, kw_only=True)
class VerifiedToken:
    """What a token of the user pool says. None: the token does not say it."""

    subject: str
    token_use: Literal["id", "access"]
    email: str | None
    email_verified: bool
    tenant_id: UUID | None
    role: Role | None
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewApiKey:
    """A key that was just made. `secret` is the whole key; nothing can show it again."""

    api_key_id: UUID
    prefix: str
    secret: str


class TenantSettings(TypedDict, total=False):
    """What the admins of a tenant decide. `retention_days` None keeps what has ended."""

    name: str
    retention_days: int | None
    allows_provisioning: bool
    time_zone: str
    budget_thresholds: list[float]


@dataclass(frozen=True, kw_only=True)
class Caps:
    """How many runs, and model and tool calls, of a tenant may be in flight; None: no cap."""

    runs: int | None
    calls: int | None


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which audit entries are asked for; what is None does not matter. `until` is exclusive."""

    action: str | None = None
    actor_id: str | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class InvalidCredentials(PlatformError):
    """No key, or one that does not work (any more)."""

    code: ClassVar[str] = "unauthenticated"
    status: ClassVar[int] = 401


class IdentityUnavailable(PlatformError):
    """Nothing can say who this is for now: the keys of the user pool cannot be had."""

    code: ClassVar[str] = "identity_unavailable"
    status: ClassVar[int] = 503
    is_retryable: ClassVar[bool] = True

    def __init__(self, detail: str, *, retry_after_seconds: float) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class TenantInactive(PlatformError):
    """The tenant is suspended or deleted: nothing new starts for it."""

    code: ClassVar[str] = "tenant_inactive"
    status: ClassVar[int] = 403


class BudgetExceeded(PlatformError):
    """A hard limit has no room for the call. `scope` names the account: tenant or run."""

    code: ClassVar[str] = "budget_exceeded"
    status: ClassVar[int] = 429

    def __init__(self, detail: str, *, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope


class BookingUnavailable(PlatformError):
    """The database could not be asked for room: nothing was booked."""

    code: ClassVar[str] = "booking_unavailable"
    status: ClassVar[int] = 503
    is_retryable: ClassVar[bool] = True


AccountKind = Literal["tenant", "user", "key", "run"]
Unit = Literal["tokens", "nanos"]


@dataclass(frozen=True, kw_only=True)
class AccountRoom:
    """An account that a call is booked on, and its room at the time of reading (None: no limit)."""

    account_id: int
    kind: AccountKind
    unit: Unit
    hard_limit: int | None
    room: int | None


AlertKind = Literal["budget_threshold", "budget_exceeded", "providers_failed", "breaker_open"]


@dataclass(frozen=True, kw_only=True)
class NewAlert:
    """What somebody should look at. `tenant_id` None: the platform's own, which no tenant sees.

    `subject` is what it is about; `once_per` names the occasion: of a kind and tenant there is one
    alert for each. `details` are JSON, and none of it is what a model or a tool said.
    """

    kind: AlertKind
    subject: str
    once_per: str
    tenant_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AlertFilter:
    """Which alerts are asked for; what is None does not matter. `until` is exclusive."""

    kind: AlertKind | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BudgetOwner:
    """A user or an API key of a tenant; neither is EACH_RUN."""

    user_id: UUID | None = None
    api_key_id: UUID | None = None


EACH_RUN = BudgetOwner()


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Whom a call is charged to beside its tenant, and the open accounts that it is booked on."""

    user_id: UUID | None
    api_key_id: UUID | None
    accounts: tuple[AccountRoom, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the month is open for everybody who is charged."""
        open_kinds = {account.kind for account in self.accounts}
        return (
            "tenant" in open_kinds
            and (self.user_id is None or "user" in open_kinds)
            and (self.api_key_id is None or "key" in open_kinds)
        )


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


@dataclass(frozen=True, kw_only=True)
class WrongAccount:
    """An account whose `posted` is not the `ledger`'s sum, or whose `reserved` is not what is
    `held` by reservations. `tenant` is the slug."""

    tenant: str
    kind: AccountKind
    owner_id: UUID
    unit: Unit
    period: date | None
    posted: int
    ledger: int
    reserved: int
    held: int


@dataclass(frozen=True, kw_only=True)
class BudgetUse:
    """A tenant's month so far: used, held for calls in flight, and the limits (None: no limit)."""

    tokens_used: int = 0
    tokens_reserved: int = 0
    token_limit: int | None = None
    cost_nanos: int = 0
    cost_reserved_nanos: int = 0
    cost_limit_nanos: int | None = None


@dataclass(frozen=True, kw_only=True)
class ExportedRows:
    """The rows of one file of an export, a JSON line each, read while they are written."""

    name: str
    rows: Iterable[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """A stored file for an export. `open` raises NotFound when its content is lost."""

    path: str
    open: Callable[[], BinaryIO]


Exported = ExportedRows | ExportedFile
Counts = Mapping[str, int]
"""How many, by what: {"runs": 20, "artifacts": 3}."""


class Holdings(Protocol):
    """What an app holds of a tenant, for the ends of a tenant's life. A module is one.

    `ended_before` None is everything, of a tenant that is deleted; otherwise what is over and done
    with since then.
    """

    def cancel_work(self, *, tenant_id: UUID, at: datetime, limit: int) -> int:
        """How many were cancelled, at most `limit`; 0: nothing runs. Requires a transaction."""

    def count_work(self, *, tenant_id: UUID) -> Counts:
        """What `cancel_work` would cancel, zeros left out."""

    def export(self, *, tenant_id: UUID) -> Iterator[Exported]:
        """All that the app holds. Called in the tenant's scope; requires no transaction."""

    def count(self, *, tenant_id: UUID, ended_before: datetime | None) -> Counts:
        """What `purge` would delete, zeros left out."""

    def purge(self, *, tenant_id: UUID, ended_before: datetime | None, limit: int) -> Counts:
        """Delete one batch of about `limit` rows and what belongs to them; returns what was
        deleted, nothing when nothing is left. Requires a transaction, in the platform's scope."""
