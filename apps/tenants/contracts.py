"""Values that cross the border of tenants."""

from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from agentplatform.core.errors import PlatformError

Role = Literal["viewer", "member", "admin"]


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who makes a request: a tenant, the user behind it if there is one, and what it may do."""

    tenant_id: UUID
    user_id: UUID | None
    api_key_id: UUID | None
    role: Role


class BudgetExceeded(PlatformError):
    """A hard limit has no room for the call. `scope` names the account: tenant or run."""

    code: ClassVar[str] = "budget_exceeded"
    status: ClassVar[int] = 429

    def __init__(self, detail: str, *, scope: str) -> None:
        super().__init__(detail)
        self.scope = scope
