"""Which providers the settings turn on, in the order of preference.

A provider is imported when it is made: what it needs takes a second to import, which only a process
that calls models should pay.
"""

from collections.abc import Mapping

from agentplatform.settings.environment import Environment
from agentplatform.settings.model_routes import PROVIDERS
from apps.gateway.providers.port import Provider

NAMES = PROVIDERS
SETTINGS = tuple(
    name
    for name in Environment.model_fields
    if name.startswith(("openai_", "anthropic_", "local_llm_"))
)


def make_providers(settings: Environment) -> Mapping[str, Provider]:
    """The providers that have a key (or, for local, an address), by name, the preferred first."""
    providers: dict[str, Provider] = {}
    if key := settings.openai_api_key.get_secret_value():
        from apps.gateway.providers.openai_provider import OpenAIProvider

        providers["openai"] = OpenAIProvider(
            api_key=key,
            base_url=settings.openai_base_url,
            default_model=settings.openai_model,
        )
    if key := settings.anthropic_api_key.get_secret_value():
        from apps.gateway.providers.anthropic_provider import AnthropicProvider

        providers["anthropic"] = AnthropicProvider(
            api_key=key,
            base_url=settings.anthropic_base_url,
            default_model=settings.anthropic_model,
        )
    if settings.local_llm_base_url:
        from apps.gateway.providers.local_provider import LocalProvider

        providers["local"] = LocalProvider(
            api_key=settings.local_llm_api_key.get_secret_value(),
            base_url=settings.local_llm_base_url,
            default_model=settings.local_llm_model,
            context_tokens=settings.local_llm_context_tokens,
        )
    return providers
