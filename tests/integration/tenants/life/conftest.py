"""A folder for artifacts, and tenants with something of everything."""

from pathlib import Path
from typing import Any

import pytest

from apps.tenants.models import Tenant
from tests.integration.tenants.life.whole_tenant import whole_tenant


@pytest.fixture(autouse=True)
def artifact_folder(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "artifacts"
    settings.PLATFORM = settings.PLATFORM.model_copy(update={"artifact_folder": folder})
    return folder


@pytest.fixture
def tenant(db: None) -> Tenant:
    return whole_tenant()


@pytest.fixture
def other(db: None) -> Tenant:
    return whole_tenant()
