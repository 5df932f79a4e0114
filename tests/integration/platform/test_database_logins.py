"""A database password that changes while a process runs."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from agentplatform.core.postgresql.roles import APPLICATION_ROLE
from agentplatform.core.wait import wait_for
from agentplatform.embedded.with_servers import SERVER
from tests.integration.platform.secrets_manager import Child, SecretsManager

WHO = "__import__('tests.integration.platform.who_am_i', fromlist=['ask']).ask()"


@pytest.fixture
def server() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ[SERVER], autocommit=True) as connection:
        yield connection


@pytest.fixture
def login(server: psycopg.Connection[Any]) -> Iterator[str]:
    """A member of the application's role, whose password the test may change."""
    name = f"test_login_{uuid4().hex[:8]}"
    server.execute(f"create role {name} login password 'old' in role {APPLICATION_ROLE}")
    yield name
    drop_connections(server, name)
    server.execute(f"drop role {name}")


def drop_connections(server: psycopg.Connection[Any], login: str) -> None:
    server.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [login]
    )


def test_new_connections_sign_in_with_the_new_password(
    follow: Callable[..., Child],
    secrets_manager: SecretsManager,
    server: psycopg.Connection[Any],
    login: str,
) -> None:
    place = f"{server.info.host}:{server.info.port}/{server.info.dbname}"
    secret = {password: f"postgresql://{login}:{password}@{place}" for password in ("old", "new")}
    secret_id = secrets_manager.create({"DATABASE_URL": secret["old"]})
    child = follow(secret_id, without="DATABASE_URL")
    assert child.ask(WHO) == login
    server.execute(f"alter role {login} password 'new'")
    drop_connections(server, login)
    assert "OperationalError" in child.ask(WHO)
    secrets_manager.put(secret_id, {"DATABASE_URL": secret["new"]})
    wait_for(lambda: child.ask(WHO) == login, timeout_seconds=20, what="the new password")
    assert "postgresql://" not in child.log.read_text()
