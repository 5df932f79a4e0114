"""The names of models that a request may use."""

from collections.abc import Mapping

from agentplatform.settings.environment import Environment
from apps.gateway.services.prices import prices
from apps.gateway.services.routes import DEFAULT, Menu


def model_names(settings: Environment, *, menu: Menu, own: Mapping[str, str]) -> list[str]:
    """The aliases of the menu and, unless it has nothing else, `provider:model` of each provider
    that is configured: those with a price, and its default model. `own` are the default models of
    the providers that the tenant has a key for. Raises PricesUnavailable."""
    if menu.is_routed_only:
        return list(menu.aliases)
    on = {
        "openai": bool(settings.openai_api_key.get_secret_value()),
        "anthropic": bool(settings.anthropic_api_key.get_secret_value()),
        "local": bool(settings.local_llm_base_url),
    }
    usual = {
        "openai": settings.openai_model,
        "anthropic": settings.anthropic_model,
        "local": settings.local_llm_model,
    }
    usual |= own
    on |= dict.fromkeys(own, True)
    named = {(provider, model) for provider, model in usual.items() if on[provider]}
    named |= {one for one in prices.list().models() if on.get(one[0])}
    return [
        *menu.aliases,
        *(f"{provider}:{model}" for provider, model in sorted(named)),
    ]


def full_name(name: str, *, menu: Menu) -> str:
    """`provider:model` for the bare name of a model that has a price, as its provider's clients
    send it; any other name as it is."""
    if ":" in name or name == DEFAULT or name in menu.routes:
        return name
    provider = prices.list().provider_of(name)
    return f"{provider}:{name}" if provider else name
