"""Servers for the session, processes for each module, a quiet stack for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentplatform.core.tenancy import platform_scope
from tests.chaos.cutter import Cutter
from tests.chaos.gateway_processes import DEADLINE_SECONDS
from tests.chaos.servers import Servers, own_servers, using
from tests.chaos.stack import Stack, running_stack
from tests.provider import Provider, running_provider


@pytest.fixture(scope="session")
def servers(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[Servers]:
    with django_db_blocker.unblock(), own_servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def cutter(servers: Servers) -> Iterator[Cutter]:
    """What a module that asks for it has between its processes and PostgreSQL."""
    cutter = Cutter(servers.postgres.port)
    yield cutter
    cutter.close()


@pytest.fixture(scope="module")
def processes(
    request: pytest.FixtureRequest,
    servers: Servers,
    provider: Provider,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: pytest.FixtureRequest,
) -> Iterator[Stack]:
    children = getattr(request.module, "CHILDREN", None)
    broker = getattr(request.module, "BROKER", request.config.getoption("--broker"))
    is_cut = getattr(request.module, "HAS_CUTTER", False)
    cutter = request.getfixturevalue("cutter") if is_cut else None
    folder: Path = tmp_path_factory.mktemp("stack")
    with (
        django_db_blocker.unblock(),
        using(servers, broker=broker),
        platform_scope(),
        running_stack(
            servers, provider, folder, broker=broker, children=children, cutter=cutter
        ) as stack,
    ):
        yield stack


@pytest.fixture
def stack(processes: Stack, transactional_db: None) -> Iterator[Stack]:
    """A running platform without any run; every run is over at the end."""
    processes.begin()
    yield processes
    processes.disarm()


@pytest.fixture(scope="module")
def own_place(
    servers: Servers, django_db_blocker: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    with django_db_blocker.unblock(), using(servers, broker="valkey"), platform_scope():
        yield servers.environment("valkey")


@pytest.fixture
def place(own_place: dict[str, str], provider: Provider, transactional_db: None) -> dict[str, str]:
    """What leads a process of the gateway to servers of our own and to the provider."""
    provider.reset()
    return own_place | {
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": provider.openai_base_url,
        "OPENAI_MODEL": "gpt-4o-mini",
        "CALL_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        "TENANT_REQUESTS_PER_MINUTE": "1000000",
    }
