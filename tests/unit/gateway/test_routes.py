"""From an alias to the providers that are asked."""

from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from agentplatform.settings.environment import Environment
from agentplatform.settings.model_routes import Route
from apps.gateway.contracts import CompletionRequest, Message
from apps.gateway.providers.registry import make_providers
from apps.gateway.services.routes import Menu, NoRoute, Target, Way, way_of

ROUTES = {
    "smart": Route(
        targets=("anthropic:claude-sonnet-4-5", "openai:gpt-4o", "local:qwen"),
        on_context_window=("openai:gpt-4.1",),
        on_content_filter=("local:qwen", "openai:gpt-4o"),
    ),
    "small": Route(targets=("local:qwen", "local:llama")),
}
BOTH = {"openai": "k", "anthropic": "k"}
ALL = BOTH | {"local": "http://x/v1"}


def way(model: str = "default", *, critical: bool = True, menu: Menu, **settings: str) -> Way:
    values = {
        "openai_api_key": SecretStr(settings.get("openai", "")),
        "anthropic_api_key": SecretStr(settings.get("anthropic", "")),
        "local_llm_base_url": settings.get("local", ""),
    }
    providers = make_providers(Environment().model_copy(update=values))
    request = CompletionRequest(
        model=model, critical=critical, messages=(Message(role="user", content="Hi"),)
    )
    return way_of(request, providers=providers, menu=menu)


def names(targets: Sequence[Target]) -> list[str]:
    return [f"{target.provider.name}:{target.model}" for target in targets]


def route(
    model: str = "default", *, critical: bool = True, menu: Menu | None = None, **settings: str
) -> list[str]:
    return names(way(model, critical=critical, menu=menu or Menu(), **settings).targets)


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
    menu = Menu(routes=ROUTES)
    assert menu.has("default")
    assert menu.has("smart")
    assert menu.has("anthropic:claude-haiku-4-5")
    assert not menu.has("openai:")
    assert not menu.has("gpt-4o")


def test_a_route_asks_its_models_in_order_where_their_provider_is_on() -> None:
    menu = Menu(routes=ROUTES)
    both = ["anthropic:claude-sonnet-4-5", "openai:gpt-4o"]
    assert route("smart", menu=menu, **BOTH) == both
    assert route("smart", menu=menu, openai="k") == ["openai:gpt-4o"]


def test_a_route_may_take_the_place_of_default() -> None:
    menu = Menu(routes={"default": Route(targets=("openai:gpt-5",))})
    assert route(menu=menu, **BOTH) == ["openai:gpt-5"]


def test_local_serves_critical_calls_of_a_route_for_tenants_that_allow_it() -> None:
    assert route("smart", menu=Menu(routes=ROUTES), **ALL)[-1] == "openai:gpt-4o"
    assert route("smart", menu=Menu(routes=ROUTES), critical=False, **ALL)[-1] == "local:qwen"
    allowing = Menu(routes=ROUTES, allows_local=True)
    assert route("smart", menu=allowing, **ALL)[-1] == "local:qwen"
    assert route(menu=allowing, **ALL)[-1].startswith("local:")


def test_a_route_of_local_models_alone_is_served() -> None:
    assert route("small", menu=Menu(routes=ROUTES), **ALL) == ["local:qwen", "local:llama"]


def test_a_route_names_those_to_ask_after_a_refusal() -> None:
    found = way("smart", menu=Menu(routes=ROUTES), **ALL).instead
    assert {code: names(targets) for code, targets in found.items()} == {
        "context_too_long": ["openai:gpt-4.1"],
        "content_filtered": ["openai:gpt-4o"],
    }


def test_a_route_whose_providers_are_off_says_what_to_set() -> None:
    with pytest.raises(NoRoute, match="'smart' needs anthropic, openai, local; set ANTHROPIC_API"):
        route("smart", menu=Menu(routes=ROUTES))


def test_an_unknown_model_is_told_what_there_is() -> None:
    with pytest.raises(NoRoute, match="use 'default', 'small', 'smart' or <provider>:<model>"):
        route("clever", menu=Menu(routes=ROUTES), **BOTH)


def test_a_tenant_of_routes_alone_names_no_other_model() -> None:
    menu = Menu(routes=ROUTES, is_routed_only=True)
    assert route("default", menu=menu, **BOTH)
    with pytest.raises(NoRoute, match="'smart', which are all that this tenant may name") as error:
        route("openai:gpt-4o", menu=menu, **BOTH)
    assert error.value.code == "unknown_model"
