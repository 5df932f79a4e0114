"""A house, and a folder for its files."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.tenants.house import House


@pytest.fixture
def house(db: None, settings: Any, tmp_path: Path) -> House:
    settings.PLATFORM = settings.PLATFORM.model_copy(
        update={"artifact_folder": tmp_path / "artifacts"}
    )
    return House.build()


@pytest.fixture
def other(house: House) -> House:
    """Another tenant."""
    return House.build()


@pytest.fixture
def admin(house: House) -> APIClient:
    return house.client_of("admin")
