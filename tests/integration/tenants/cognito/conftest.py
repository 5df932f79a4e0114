"""A user pool that the platform trusts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from apps.tenants.contracts import InvalidCredentials
from apps.tenants.services.cognito.verify_token import verify_token
from tests.integration.tenants.user_pool import AT, UserPool, running_pool


@pytest.fixture
def pool(settings) -> Iterator[UserPool]:
    with running_pool() as running:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=running.settings())
        yield running


@pytest.fixture
def trust(settings):
    def trust(pool: Any, **changes: str) -> None:
        settings.PLATFORM = settings.PLATFORM.model_copy(update=pool.settings() | changes)

    return trust


def refused(raw: str, at: datetime = AT) -> str:
    with pytest.raises(InvalidCredentials) as caught:
        verify_token(raw, at=at)
    return caught.value.detail
