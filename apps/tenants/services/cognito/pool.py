"""The user pool whose tokens are taken, and where its tokens say what."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Pool:
    """The settings that verifying needs. `client_ids` are the app clients that may ask."""

    issuer: str
    jwks_url: str
    client_ids: frozenset[str]
    tenant_claim: str
    role_claim: str


def configured_pool() -> Pool | None:
    """The pool of the settings; None when no pool is set, so no token is good."""
    platform = settings.PLATFORM
    issuer = platform.cognito_issuer
    if not issuer:
        return None
    client_ids = (name.strip() for name in platform.cognito_client_ids.split(","))
    return Pool(
        issuer=issuer,
        jwks_url=platform.cognito_jwks_url or f"{issuer.rstrip('/')}/.well-known/jwks.json",
        client_ids=frozenset(filter(None, client_ids)),
        tenant_claim=platform.cognito_tenant_claim,
        role_claim=platform.cognito_role_claim,
    )
