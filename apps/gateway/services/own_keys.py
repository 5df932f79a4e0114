"""The keys of a tenant's own accounts with providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from agentplatform.core.encryption import CannotDecrypt
from agentplatform.core.errors import NotFound
from agentplatform.core.public_addresses import is_address
from agentplatform.settings.environment import Environment
from apps.gateway.providers.reach import Reach
from apps.gateway.providers.registry import Access
from apps.gateway.services.tenant_models import OwnAccount
from apps.tenants.facade import reveal_secret

log = structlog.get_logger("llm")

MAX_URL: Final = 300


@dataclass(frozen=True, kw_only=True)
class OwnKey:
    """A key and whose account it opens. Without an `api_key`: it cannot be read."""

    provider: str
    account: OwnAccount
    api_key: str = field(repr=False)

    @property
    def id(self) -> str:
        """Made of all of it, and tells nothing of it; empty for a key that cannot be read."""
        if not self.api_key:
            return ""
        parts = "\0".join((self.provider, self.account.base_url, self.api_key))
        return sha256(parts.encode()).hexdigest()[:16]

    def access(self, settings: Environment) -> Access:
        """How the provider is reached with it. A base URL of the tenant's leads to public addresses
        alone, unless the operator allows its host."""
        is_own_url = bool(self.account.base_url)
        host = urlsplit(self.account.base_url).hostname or ""
        return Access(
            name=self.provider,
            api_key=self.api_key,
            base_url=self.account.base_url or getattr(settings, f"{self.provider}_base_url"),
            default_model=self.account.default_model or getattr(settings, f"{self.provider}_model"),
            reach=Reach(
                idle_seconds=settings.stream_idle_seconds,
                is_public_only=is_own_url and host not in private_hosts(settings),
            ),
        )


def secret_name(provider: str) -> str:
    """The tenant's secret that holds its key."""
    return f"provider-{provider}"


def reveal_keys(tenant_id: UUID, accounts: Mapping[str, OwnAccount]) -> dict[str, OwnKey]:
    """The keys by provider, in the scope that is open. One whose secret is gone or cannot be read
    is empty."""
    return {
        provider: OwnKey(provider=provider, account=account, api_key=_reveal(tenant_id, provider))
        for provider, account in accounts.items()
    }


def url_problem(url: str, settings: Environment) -> str:
    """Why a tenant's provider cannot be called there; empty: it can."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"This is no URL: {error}."
    if len(url) > MAX_URL or not url.isascii() or any(one.isspace() for one in url):
        return f"Give up to {MAX_URL} ASCII characters without spaces."
    if parts.scheme not in ("https", "http") or not host:
        return "Give a URL like https://llm.example.com/v1."
    if parts.username is not None or parts.query or parts.fragment:
        return "Leave out login, query and fragment; the key is given by itself."
    if host in private_hosts(settings):
        return ""
    if parts.scheme != "https":
        return "Use https."
    if is_address(host) or "." not in host:
        return "Name a public host, not an address."
    return ""


def private_hosts(settings: Environment) -> frozenset[str]:
    """The hosts that the operator allows though they are not public."""
    given = settings.own_key_private_hosts.lower().split(",")
    return frozenset(host.strip() for host in given if host.strip())


def _reveal(tenant_id: UUID, provider: str) -> str:
    try:
        return reveal_secret(tenant_id=tenant_id, name=secret_name(provider))
    except (NotFound, CannotDecrypt) as error:
        log.error(
            "llm.own_key_unreadable", tenant_id=str(tenant_id), provider=provider, error=str(error)
        )
        return ""
