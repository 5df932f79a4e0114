"""What every test gets: the roles of production on a database that is really written to."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import TransactionTestCase

from agentplatform.core.actor import Actor, acting
from agentplatform.core.tenancy import OWNER, platform_scope
from agentplatform.embedded.with_servers import SERVER
from tests.database import allow_deletes, delete_all_rows

_PLACES = {name: place for place, name in enumerate(("e2e", "chaos", "security", "integration"))}
USES_DATABASE = {"db", "transactional_db"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="run the tests too that are marked thorough"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files whose tests take long come first, so that no process is left alone with one of them.
    Thorough tests are left out unless they are asked for.

    Each role has a connection of its own, so a test commits what it writes.
    """
    if not config.getoption("--thorough"):
        left_out = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]
    items.sort(key=lambda item: _PLACES.get(_folder(item), len(_PLACES)))
    mark = pytest.mark.django_db(transaction=True, databases="__all__")
    for item in items:
        named = USES_DATABASE & set(getattr(item, "fixturenames", ()))
        if named or item.get_closest_marker("django_db"):
            item.add_marker(mark, append=False)


@pytest.fixture(scope="session", autouse=True)
def _fast_cleaning() -> Iterator[None]:
    """Instead of Django's flush, which truncates every table and makes the permissions anew."""
    allow_deletes(os.environ[SERVER])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _clean)
        patch.setattr(TransactionTestCase, "_should_reload_connections", _should_reload)
        yield


def _clean(_case: Any) -> None:
    delete_all_rows(connections[OWNER])


def _should_reload(_case: Any) -> bool:
    """The owner, who empties every table after every test, would have to learn them all anew; the
    other roles' connections go back to their pools."""
    owner = connections[OWNER]
    is_sound = owner.is_usable() and owner.get_autocommit() and not owner.in_atomic_block
    for connection in connections.all(initialized_only=True):
        if connection is not owner or not is_sound:
            connection.close()
    return False


@pytest.fixture(autouse=True)
def _as_platform() -> Iterator[None]:
    """A test prepares and looks at rows of every tenant; what it tests opens scopes of its own."""
    with platform_scope(), acting(Actor(kind="system", name="test")):
        yield


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]
