"""The provider that the gateway calls in these tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import override_settings
from pydantic import SecretStr

from apps.gateway.services.engine import reset_engine
from tests.provider import Provider, running_provider

KEYED = ("openai", "anthropic")


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def gateway(provider: Provider) -> Iterator[Callable[..., None]]:
    """Point this process's gateway at the test provider: `gateway(openai_model=..., ...)`, with
    the providers on that `on` names."""

    def configure(*, on: str = "openai anthropic", **settings: Any) -> None:
        keys = {f"{name}_api_key": SecretStr("k" if name in on else "") for name in KEYED}
        changes = {
            "openai_base_url": provider.openai_base_url,
            "anthropic_base_url": provider.anthropic_base_url,
            "local_llm_base_url": provider.openai_base_url if "local" in on else "",
        }
        override = override_settings(
            PLATFORM=django_settings.PLATFORM.model_copy(update=keys | changes | settings)
        )
        override.enable()
        undo.append(override)

    undo: list[override_settings] = []
    provider.reset()
    yield configure
    reset_engine()
    for override in reversed(undo):
        override.disable()
