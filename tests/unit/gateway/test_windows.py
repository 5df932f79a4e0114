"""How much a model can read and say, where it is known."""

from typing import Any

import pytest
from pydantic import SecretStr

from agentplatform.settings.environment import Environment
from apps.gateway.services.windows import window_of


def window(alias: str, **settings: Any) -> int | None:
    off = {"openai_api_key": SecretStr(""), "anthropic_api_key": SecretStr(""),
           "local_llm_base_url": "", "local_llm_context_tokens": 4096}  # fmt: skip
    return window_of(alias, settings=Environment(**(off | settings)))


@pytest.mark.parametrize(
    ("alias", "tokens"),
    [
        ("openai:gpt-4o-mini-2024-07-18", 128_000),
        ("openai:gpt-4.1-nano", 1_047_576),
        ("anthropic:claude-opus-5", 200_000),
        ("local:anything", 4096),
        ("openai:something-new", None),
    ],
)
def test_a_named_model_has_its_own_window(alias: str, tokens: int | None) -> None:
    assert window(alias) == tokens


def test_the_default_has_the_smallest_window_of_those_who_may_answer() -> None:
    both = {"openai_api_key": SecretStr("k"), "anthropic_api_key": SecretStr("k")}
    assert window("default", **both, openai_model="gpt-4.1") == 200_000
    assert window("default", **both, openai_model="gpt-4o") == 128_000
    assert window("default", **both, openai_model="something-new") == 200_000


def test_the_local_model_cuts_for_itself_and_counts_only_where_it_is_alone() -> None:
    assert window("default", local_llm_base_url="http://llm") == 4096
    keys = {"openai_api_key": SecretStr("k"), "openai_model": "gpt-4o"}
    assert window("default", local_llm_base_url="http://llm", **keys) == 128_000


def test_a_route_has_the_smallest_window_of_its_models() -> None:
    routes = '{"smart": ["openai:gpt-4.1", "anthropic:claude-x", "local:qwen"]}'
    assert window("smart", model_routes=routes) == 200_000


def test_where_others_take_long_prompts_theirs_is_the_window() -> None:
    routes = '{"long": {"targets": ["openai:gpt-4o"], "on_context_window": ["openai:gpt-4.1"]}}'
    assert window("long", model_routes=routes) == 1_047_576


def test_nobody_knows_the_window_of_nobody() -> None:
    assert window("default") is None
