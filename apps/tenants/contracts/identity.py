"""Who makes a request, and how it is known."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal
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
