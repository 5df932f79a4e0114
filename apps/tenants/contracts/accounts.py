"""Accounts: who is charged, and how much room there is."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

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
class BudgetOwner:
    """A user or an API key of a tenant; neither is EACH_RUN."""

    user_id: UUID | None = None
    api_key_id: UUID | None = None


EACH_RUN = BudgetOwner()


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
