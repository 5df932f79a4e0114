"""Another tenant's row is named wherever a row can be named: it looks like a missing one."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from agentplatform.core.clock import now
from agentplatform.core.tenancy import ADMIN, APPLICATION
from apps.gateway.models import ModelRoute
from apps.runs.models import Run, TaskDefinition
from apps.tenants.models import AuditEntry, Secret, Tenant, User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.states import rights_of
from apps.tools.models import ToolSecret
from tests.api.tenancy.positions import Position, paths, positions
from tests.architecture.test_addresses import ROUTES
from tests.integration.tenants.life.whole_tenant import whole_tenant
from tests.integration.tenants.user_pool import running_pool, sign

pytestmark = pytest.mark.django_db

POSITIONS = list(positions())
JSON = ("application/json", "application/problem+json")


@dataclass(frozen=True)
class Asker:
    """An admin of `tenant` with a way in."""

    tenant: Tenant
    client: APIClient


@dataclass(frozen=True)
class Answer:
    """What the caller is told, but for the value that was named, and what it cost."""

    status: int
    headers: frozenset[str]
    body: Any
    queries: int


@pytest.fixture(autouse=True)
def artifact_folder(tmp_path: Any, settings: Any) -> None:
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})


@pytest.fixture
def pool(settings: Any) -> Iterator[None]:
    with running_pool() as pool:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=pool.settings())
        yield


@pytest.fixture(params=["key", pytest.param("token", marks=pytest.mark.thorough)])
def asker(request: pytest.FixtureRequest) -> Asker:
    tenant = distinct_tenant()
    credential = token(tenant, request) if request.param == "token" else key(tenant)
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {credential}")
    return Asker(tenant, client)


@pytest.fixture
def other() -> Tenant:
    return distinct_tenant()


def distinct_tenant() -> Tenant:
    """A tenant with rows in every table, and names that no other tenant uses."""
    tenant = whole_tenant()
    own = f"of-{tenant.slug}"
    TaskDefinition.objects.filter(tenant=tenant).update(name=own)
    Secret.objects.filter(tenant=tenant, name="hook").update(name=own)
    ModelRoute.objects.filter(tenant=tenant).update(alias=own)
    ToolSecret.objects.filter(tenant=tenant).update(name=own)
    User.objects.filter(tenant=tenant).update(email=f"{own}@example.org")
    Run.objects.filter(tenant=tenant, completed_at=None).update(idempotency_key=own)
    user = str(User.objects.get(tenant=tenant).id)
    AuditEntry.objects.create(
        tenant=tenant, at=now(), actor_kind="user", actor_id=user, action="user.changed",
        target_kind="user", target_id=user,
    )  # fmt: skip
    return tenant


def key(tenant: Tenant) -> str:
    return create_api_key(
        tenant_id=tenant.id, name="asks", scopes=rights_of("admin"), at=now()
    ).secret


def token(tenant: Tenant, request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("pool")
    subject, at = str(uuid.uuid4()), now()
    User.objects.create(tenant=tenant, email="t@x.org", role="admin", cognito_subject=subject)
    return sign(
        sub=subject,
        iat=int(at.timestamp()),
        exp=int((at + timedelta(hours=1)).timestamp()),
        **{"custom:tenant_id": str(tenant.id)},
    )


def ask(position: Position, asker: Asker, value: str) -> Answer:
    send = position.prepare(asker.client, asker.tenant, value)
    assert asker.client.get("/api/v1/tasks").status_code == 200  # now the credential is known
    with (
        CaptureQueriesContext(connections[APPLICATION]) as queries,
        CaptureQueriesContext(connections[ADMIN]) as wide,
    ):
        response = send()
        content = response.getvalue().decode().replace(value, "VALUE")
    assert not len(wide), "a request asked as the admin"
    return Answer(
        response.status_code,
        frozenset(response.headers),
        told(content) if response.get("Content-Type") in JSON else content,
        len(queries),
    )


def told(content: str) -> Any:
    """An error but for its trace; of a success, the names of its fields, and its results."""
    body = json.loads(content)
    if not isinstance(body, dict):
        return body
    if body.get("type", "").startswith("urn:"):
        return body | {"trace_id": ...}
    return {name: value if name == "results" else ... for name, value in body.items()}


@pytest.mark.parametrize("position", POSITIONS, ids=str)
def test_another_tenants_row_looks_like_a_missing_one_where_ones_own_is_found(
    position: Position, asker: Asker, other: Tenant
) -> None:
    missing = ask(position, asker, position.missing())
    foreign = ask(position, asker, position.value_of(other))
    assert foreign == missing
    if position.is_id and position.place in ("path", "body"):
        assert foreign.status in (404, 422)
    if position.place == "query":
        assert (foreign.status, foreign.body) == (200, missing.body)
    own = ask(position, asker, position.value_of(asker.tenant))
    if position.is_id or position.place == "query":
        assert own.status < 300, own
        assert own.body != missing.body
    else:
        assert own.status in (200, 201, 204, 409), own


def test_every_address_is_described() -> None:
    described = {f"{path.removeprefix('/')}" for path in paths()}
    found = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        for route in ROUTES
        if route.startswith("api/v1/")
    }
    assert found == described
