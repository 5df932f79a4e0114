"""Values that cross the border of tenants."""

from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from agentplatform.core.errors import PlatformError

Role = Literal["viewer", "member", "admin"]
Right = Literal["read", "run", "manage"]


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who makes a request: a tenant, the user behind it if there is one, and what it may do."""

    tenant_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    role: Role


@dataclass(frozen=True, kw_only=True)
class NewApiKey:
    """A key that was just made. `secret` is the whole key; nothing can show it again."""

    api_key_id: UUID
    prefix: str
    secret: str


class InvalidCredentials(PlatformError):
    """No key, or one that does not work (any more)."""

    code: ClassVar[str] = "unauthenticated"
    status: ClassVar[int] = 401


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
