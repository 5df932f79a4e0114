"""Who sends a request to the API: `Authorization: Bearer <API key or token>`."""

from dataclasses import dataclass
from typing import Literal

import structlog
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from agentplatform.api.address import client_address, client_site
from agentplatform.api.attempts import API_CREDENTIALS_OF_SITE
from agentplatform.core.actor import Actor, become
from agentplatform.core.attempts import TooManyAttempts
from agentplatform.core.clock import now
from agentplatform.core.tenancy import enter_tenant
from apps.tenants.contracts import InvalidCredentials, Principal
from apps.tenants.facade import authenticate


@dataclass(frozen=True)
class ApiUser:
    """What `request.user` is behind the API."""

    principal: Principal
    is_authenticated: Literal[True] = True
    is_active: Literal[True] = True


class BearerAuthentication(BaseAuthentication):
    """The only way into a tenant's scope for a request: who it is for is found out here, and from
    here to the end of the request no other tenant's row is seen.

    Failed attempts are slowed by where they come from; a good credential never waits.
    """

    def authenticate(self, request: Request) -> tuple[ApiUser, None] | None:
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("Send `Authorization: Bearer <API key or token>`.")
        try:
            principal = authenticate(raw=raw.strip(), at=now())
        except InvalidCredentials as error:
            wait = API_CREDENTIALS_OF_SITE.failed(client_site(request), now())
            if wait:
                raise TooManyAttempts(wait) from error
            raise AuthenticationFailed(error.detail) from error
        structlog.contextvars.bind_contextvars(tenant_id=str(principal.tenant_id))
        enter_tenant(principal.tenant_id)
        become(actor_of(principal, address=client_address(request)))
        return ApiUser(principal), None

    def authenticate_header(self, _request: Request) -> str:
        return "Bearer"


def actor_of(principal: Principal, *, address: str) -> Actor:
    """Who the audit says it was: the key, or the person who signed in."""
    if principal.api_key_id is not None:
        named = str(principal.api_key_id)
        return Actor(kind="api_key", id=named, name=principal.name, address=address)
    return Actor(kind="user", id=str(principal.user_id), name=principal.name, address=address)
