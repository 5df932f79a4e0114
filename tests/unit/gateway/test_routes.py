"""From an alias to the providers that are asked."""

import pytest
from pydantic import SecretStr

from agentplatform.settings.environment import Environment
from apps.gateway.contracts import CompletionRequest, Message
from apps.gateway.providers.registry import make_providers
from apps.gateway.services.routes import NoRoute, is_known_model, targets_of


def route(model: str = "default", *, critical: bool = True, **settings: str) -> list[str]:
    values = {
        "openai_api_key": SecretStr(settings.get("openai", "")),
        "anthropic_api_key": SecretStr(settings.get("anthropic", "")),
        "local_llm_base_url": settings.get("local", ""),
    }
    providers = make_providers(Environment().model_copy(update=values))
    request = CompletionRequest(
        model=model, critical=critical, messages=(Message(role="user", content="Hi"),)
    )
    targets = targets_of(request, providers=providers)
    return [f"{target.provider.name}:{target.model}" for target in targets]


def test_default_asks_openai_then_anthropic() -> None:
    assert route(openai="k", anthropic="k") == [
        "openai:gpt-4o-mini",
        "anthropic:claude-haiku-4-5",
    ]


def test_local_comes_last_and_only_when_the_call_is_not_critical() -> None:
    assert route(openai="k", local="http://x/v1") == ["openai:gpt-4o-mini"]
    assert route(openai="k", local="http://x/v1", critical=False)[-1].startswith("local:")


def test_local_alone_serves_everything() -> None:
    assert route(local="http://x/v1") == ["local:smollm2-135m-instruct"]


def test_a_pinned_model_may_hold_colons() -> None:
    assert route("local:qwen:0.5b", local="http://x/v1") == ["local:qwen:0.5b"]


@pytest.mark.parametrize(
    ("model", "code", "hint"),
    [
        ("default", "no_provider", "LOCAL_LLM_BASE_URL"),
        ("openai:gpt-4o", "no_provider", "OPENAI_API_KEY"),
        ("local:x", "no_provider", "LOCAL_LLM_BASE_URL"),
        ("smart", "unknown_model", "<provider>:<model>"),
        ("acme:x", "unknown_model", "openai, anthropic, local"),
    ],
)
def test_no_route_says_what_to_change(model: str, code: str, hint: str) -> None:
    with pytest.raises(NoRoute) as error:
        route(model)
    assert error.value.code == code
    assert hint in error.value.detail


def test_an_alias_is_known_without_its_provider() -> None:
    assert is_known_model("default")
    assert is_known_model("anthropic:claude-haiku-4-5")
    assert not is_known_model("openai:")
    assert not is_known_model("gpt-4o")
