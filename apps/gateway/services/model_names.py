"""The names of models that a request may use."""

from agentplatform.settings.environment import Environment
from apps.gateway.services.prices import prices
from apps.gateway.services.routes import Menu


def model_names(settings: Environment) -> list[str]:
    """The aliases, and `provider:model` of each provider that is configured: those with a price,
    and its default model. Raises PricesUnavailable."""
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
    named = {(provider, model) for provider, model in usual.items() if on[provider]}
    named |= {one for one in prices.list().models() if on.get(one[0])}
    return [
        *Menu(routes=settings.routes).aliases,
        *(f"{provider}:{model}" for provider, model in sorted(named)),
    ]
