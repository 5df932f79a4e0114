"""Two tenants; and a connection as the server's superuser, for mistakes that only one can make."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from agentplatform.core.tenancy import OWNER
from agentplatform.embedded.with_servers import SERVER
from apps.tenants.models import Tenant
from tests.integration.tenants.life.whole_tenant import whole_tenant


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[BaseDatabaseWrapper]:
    """In the test database, in a transaction that is rolled back: what it changes, the catalogue
    shows to itself alone."""
    connection = connections[OWNER].copy()
    login = urlsplit(os.environ[SERVER])
    connection.settings_dict["USER"] = unquote(login.username or "")
    connection.settings_dict["PASSWORD"] = unquote(login.password or "")
    connection.settings_dict["OPTIONS"].pop("assume_role")
    connection.set_autocommit(False)
    try:
        yield connection
    finally:
        connection.rollback()
        connection.close()


@pytest.fixture
def two_tenants(transactional_db: None, settings: Any, tmp_path: Path) -> tuple[Tenant, Tenant]:
    """Two tenants with rows in every table."""
    settings.PLATFORM = settings.PLATFORM.model_copy(
        update={"artifact_folder": tmp_path / "artifacts"}
    )
    return whole_tenant(), whole_tenant()
