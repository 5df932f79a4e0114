"""Two tenants with keys; the broker is real and nobody reads it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.states import rights_of

SPEC: dict[str, Any] = {
    "inputs": {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    },
    "steps": [
        {"name": "a", "kind": "tool", "tool": "code", "arguments": {"program": "print(1)"}},
        {"name": "b", "kind": "llm", "prompt": "Say {{ steps.a.output.value }}"},
    ],
}


def client_of(role: Any) -> APIClient:
    name = f"t-{uuid.uuid4().hex[:8]}"
    tenant = create_tenant(name=name, at=now())
    key = create_api_key(tenant_id=tenant.id, name="test", scopes=rights_of(role), at=now())
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.secret}")
    return client


@pytest.fixture
def client(db: None) -> APIClient:
    return client_of("member")


@pytest.fixture
def viewer(db: None) -> APIClient:
    return client_of("viewer")


@pytest.fixture
def stranger(db: None) -> APIClient:
    """A member of another tenant."""
    return client_of("member")


TaskMaker = Callable[..., dict[str, Any]]


@pytest.fixture
def make_task(client: APIClient) -> TaskMaker:
    def make(**fields: Any) -> dict[str, Any]:
        body = {"name": uuid.uuid4().hex, "spec": SPEC, **fields}
        response = client.post("/api/v1/tasks", body)
        assert response.status_code == 201, response.content
        return response.json()  # type: ignore[no-any-return]

    return make
