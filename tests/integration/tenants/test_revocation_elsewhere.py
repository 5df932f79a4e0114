"""A key that is taken back stops working in the processes that know it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from agentplatform.core.clock import now
from agentplatform.core.wait import wait_for
from apps.tenants.contracts import NewApiKey
from apps.tenants.models import Tenant, User
from apps.tenants.services.create_api_key import create_api_key
from apps.tenants.services.create_tenant import create_tenant
from apps.tenants.services.create_user import create_user
from apps.tenants.services.revoke_api_key import revoke_api_key
from tests.database import role_addresses
from tests.integration.platform.secrets_manager import Child

pytestmark = pytest.mark.django_db
PROMISED_SECONDS = 5
TRY = "__import__('tests.integration.tenants.try_key', fromlist=['is_good']).is_good({!r})"


@pytest.fixture
def tenant() -> Tenant:
    return create_tenant(name=f"t-{uuid4().hex[:8]}", at=now())


@pytest.fixture
def user(tenant: Tenant) -> User:
    return create_user(tenant_id=tenant.id, email="ann@example.org", at=now())


@pytest.fixture
def key(tenant: Tenant, user: User) -> NewApiKey:
    return create_api_key(tenant_id=tenant.id, name="ci", user_id=user.id, at=now())


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[Child]:
    child = Child(role_addresses(), log=tmp_path / "child.log")
    yield child
    child.close()


def revoke(key: NewApiKey, tenant: Tenant) -> None:
    revoke_api_key(tenant_id=tenant.id, api_key_id=key.api_key_id, at=now())


def suspend(_key: NewApiKey, tenant: Tenant) -> None:
    Tenant.objects.filter(id=tenant.id).update(status="suspended")


def deactivate_user(_key: NewApiKey, tenant: Tenant) -> None:
    User.objects.filter(tenant=tenant).update(is_active=False)


@pytest.mark.parametrize("take_back", [revoke, suspend, deactivate_user])
def test_another_process_refuses_it_within_the_promised_time(
    other_process: Child,
    tenant: Tenant,
    key: NewApiKey,
    take_back: Callable[[NewApiKey, Tenant], None],
) -> None:
    ask = TRY.format(key.secret)
    assert other_process.ask(ask)
    take_back(key, tenant)
    began = time.monotonic()
    wait_for(lambda: not other_process.ask(ask), timeout_seconds=20, what="the key to be refused")
    assert time.monotonic() - began < PROMISED_SECONDS
