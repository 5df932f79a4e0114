"""The HTTP door on a real server, in front of the test provider."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from apps.tenants.models import Tenant, User
from apps.tenants.services.authenticate import forget_credentials
from apps.tenants.services.create_api_key import create_api_key
from tests.integration.gateway.door.serving import Caller, Server
from tests.provider import Provider

Gateway = Callable[..., None]


@pytest.fixture
def server(gateway: Gateway) -> Iterator[Server]:
    """After `gateway`, so that settings end after what uses them."""
    running = Server()
    running.start()
    yield running
    running.stop()
    forget_credentials()


@pytest.fixture
def caller(server: Server) -> Callable[..., Caller]:
    """Makes callers: `caller(token_budget=..., usd_nanos=..., scopes=..., has_user=...)`."""

    def make(
        *,
        token_budget: int | None = None,
        usd_nanos: int | None = None,
        has_user: bool = False,
        scopes: tuple[str, ...] = ("gateway",),
        **key: Any,
    ) -> Caller:
        name = f"acme-{uuid4().hex[:8]}"
        tenant = Tenant.objects.create(
            name="Acme",
            slug=name,
            token_budget_monthly=token_budget,
            usd_budget_monthly_nanos=usd_nanos,
        )
        user_id = None
        if has_user:
            email = f"{name}@example.com"
            user_id = User.objects.create(tenant=tenant, email=email, role="member").id
        made = create_api_key(
            tenant_id=tenant.id, name="key", at=now(), scopes=scopes, user_id=user_id, **key
        )
        return Caller(tenant.id, made.api_key_id, made.secret, server.address)

    return make


@pytest.fixture
def client(gateway: Gateway, caller: Callable[..., Caller], provider: Provider) -> Caller:
    """A caller without limits, with OpenAI behind the door."""
    gateway(openai_model="gpt-4o-mini")
    return caller()
