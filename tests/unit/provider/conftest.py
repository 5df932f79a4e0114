"""One provider for all of these tests: those that count requests use model names of their own."""

from collections.abc import Iterator

import anthropic
import openai
import pytest

from tests.provider import Provider, running_provider


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="session")
def openai_client(provider: Provider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        api_key="k", base_url=provider.openai_base_url, max_retries=0, timeout=10
    ) as client:
        yield client


@pytest.fixture(scope="session")
def anthropic_client(provider: Provider) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        api_key="k", base_url=provider.anthropic_base_url, max_retries=0, timeout=10
    ) as client:
        yield client
