"""How much may be asked for within a minute, and whose calls count towards it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from uuid import UUID

RateAlgorithm = Literal["sliding_window", "token_bucket"]
RateKind = Literal["tenant", "user", "key"]


@dataclass(frozen=True, kw_only=True)
class RateOwner:
    """Whose rate limit it is: a user's, an API key's, that of each user who has none of its own, or
    of none of them the tenant's."""

    user_id: UUID | None = None
    api_key_id: UUID | None = None
    is_each_user: bool = False


OWN_RATE = RateOwner()
EACH_USER = RateOwner(is_each_user=True)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What may be used within a minute; None: no limit."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    algorithm: RateAlgorithm = "sliding_window"

    @property
    def is_limited(self) -> bool:
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


@dataclass(frozen=True, kw_only=True)
class OwnedRate:
    """A rate, and whose calls count towards it."""

    tenant_id: UUID
    kind: RateKind
    owner_id: UUID
    rate: Rate

    @cached_property
    def key(self) -> str:
        """Where it is counted. The braces keep a tenant's counts on one server of a cluster."""
        return f"rates:{{{self.tenant_id}}}:{self.kind}:{self.owner_id}:{self.rate.algorithm}"


Rates = tuple[OwnedRate, ...]


@dataclass(frozen=True)
class Caller:
    """Who makes a call: a tenant, and who of it."""

    tenant_id: UUID
    user_id: UUID | None = None
    api_key_id: UUID | None = None
