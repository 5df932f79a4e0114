"""What happens to a process whose database would not keep tenants apart."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from agentplatform.api import health
from agentplatform.core.postgresql.roles import APPLICATION_ROLE
from agentplatform.core.tenancy import OWNER
from agentplatform.embedded.with_servers import SERVER
from agentplatform.settings.environment import ROOT
from tests.database import role_addresses

pytestmark = pytest.mark.django_db

ASGI = ["-c", "import agentplatform.asgi"]
PROCESSES = {
    "asgi": ["-m", "agentplatform.web", "--port", "0"],
    "wsgi": ["-c", "import agentplatform.wsgi"],
    "worker": ["-m", "celery", "-A", "celery_app", "worker", "--pool", "solo"],
    "beat": ["-m", "celery", "-A", "celery_app", "beat", "--pidfile="],
}


def run(
    arguments: list[str], *, folder: Path, **addresses: str
) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | role_addresses() | addresses
    environment |= {
        "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def weak_login() -> Iterator[str]:
    """The address of the test database for a role that bypasses row-level security."""
    name = f"test_weak_{uuid4().hex[:8]}"
    with psycopg.connect(os.environ[SERVER], autocommit=True) as server:
        server.execute(
            f"create role {name} login bypassrls password 'test' in role {APPLICATION_ROLE}"
        )
        place = role_addresses()["DATABASE_URL"].partition("@")[2]
        try:
            yield f"postgresql://{name}:test@{place}"
        finally:
            server.execute(f"drop role {name}")


@pytest.fixture
def weak_table() -> Iterator[str]:
    """A table whose owner no policy holds, until the test is over."""

    def alter(how: str) -> None:
        with connections[OWNER].cursor() as cursor:
            cursor.execute(f"alter table runs {how} row level security")

    alter("no force")
    try:
        yield "runs"
    finally:
        alter("force")


@pytest.fixture
def asked_anew() -> Iterator[None]:
    """Readiness has forgotten that the checks passed."""
    health._isolated.cache_clear()
    yield
    health._isolated.cache_clear()


@pytest.mark.parametrize(
    "name",
    [
        "asgi",
        "worker",
        pytest.param("wsgi", marks=pytest.mark.thorough),
        pytest.param("beat", marks=pytest.mark.thorough),
    ],
)
def test_a_process_refuses_to_start_as_a_role_that_bypasses(
    name: str, weak_login: str, tmp_path: Path
) -> None:
    ended = run(PROCESSES[name], folder=tmp_path, DATABASE_URL=weak_login)
    assert ended.returncode != 0
    assert "tenants could see each other" in ended.stderr
    assert "has BYPASSRLS. alter role test_weak_" in ended.stderr


def test_a_process_refuses_to_start_on_a_table_that_is_weak(
    weak_table: str, tmp_path: Path
) -> None:
    ended = run(ASGI, folder=tmp_path)
    assert ended.returncode != 0
    assert f"Row-level security of {weak_table} is not forced." in ended.stderr


def test_a_process_starts_where_tenants_are_kept_apart(tmp_path: Path) -> None:
    assert run(ASGI, folder=tmp_path).returncode == 0


def test_a_process_starts_while_the_database_does_not_answer(tmp_path: Path) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/none"
    ended = run(ASGI, folder=tmp_path, DATABASE_URL=nobody, ADMIN_DATABASE_URL=nobody)
    assert ended.returncode == 0
    assert "isolation.unknown" in ended.stdout + ended.stderr


def parts(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/health/ready").json()["parts"]
    return found


@pytest.mark.usefixtures("asked_anew", "weak_table")
def test_a_process_is_not_ready_while_a_table_is_weak(client: Client) -> None:
    assert parts(client) == {
        "database": "ok",
        "migrations": "ok",
        "isolation": "down",
        "redis": "ok",
        "broker": "ok",
    }


@pytest.mark.usefixtures("weak_table")
def test_the_system_checks_of_the_database_find_it() -> None:
    found = run_checks(databases=["default"])
    assert [one.id for one in found if str(one.id).startswith("tenancy")] == ["tenancy.E014"]


def test_the_system_checks_without_a_database_ask_none() -> None:
    assert not [one for one in run_checks() if str(one.id).startswith("tenancy")]


@pytest.mark.usefixtures("weak_table")
def test_a_migration_that_leaves_a_table_weak_fails() -> None:
    with pytest.raises(CommandError, match=r"tenancy\.E014"):
        call_command("migrate", verbosity=0)
