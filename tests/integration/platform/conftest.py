"""A Secrets Manager to read settings from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.platform.secrets_manager import Child, SecretsManager


@pytest.fixture(scope="session")
def emulator() -> Iterator[SecretsManager]:
    server = SecretsManager()
    yield server
    server.stop()


@pytest.fixture
def secrets_manager(emulator: SecretsManager) -> SecretsManager:
    emulator.start()  # a test may have stopped it
    return emulator


@pytest.fixture
def follow(secrets_manager: SecretsManager, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Start a process that follows a secret, with these variables in its environment and without
    the one that `without` names."""
    children: list[Child] = []

    def start(secret_id: str, without: str = "", **variables: str) -> Child:
        environment = {
            "DJANGO_SETTINGS_MODULE": "agentplatform.settings.local",
            "AWS_SECRET_ID": secret_id,
            "SECRET_REFRESH_SECONDS": "0.05",
        }
        environment |= secrets_manager.environment | variables
        log = tmp_path / f"child-{len(children)}.log"
        children.append(Child(environment, log=log, without=without))
        return children[-1]

    yield start
    for child in children:
        child.close()
