"""Which providers the settings turn on, in the order of preference.

A provider is imported when it is made: what it needs takes a second to import, which only a process
that calls models should pay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentplatform.settings.environment import Environment
from agentplatform.settings.model_routes import PROVIDERS
from apps.gateway.providers.port import Provider
from apps.gateway.providers.reach import Reach

NAMES = PROVIDERS
SETTINGS = tuple(
    name
    for name in Environment.model_fields
    if name.startswith(("openai_", "anthropic_", "local_llm_", "stream_idle_"))
)


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to be let in by one provider."""

    name: str
    api_key: str = field(repr=False)
    base_url: str
    default_model: str
    reach: Reach


def make_providers(settings: Environment) -> Mapping[str, Provider]:
    """The providers that have a key (or, for local, an address), by name, the preferred first."""
    reach = Reach(idle_seconds=settings.stream_idle_seconds)
    providers: dict[str, Provider] = {}
    for name, key, base_url, model in (
        ("openai", settings.openai_api_key, settings.openai_base_url, settings.openai_model),
        (
            "anthropic",
            settings.anthropic_api_key,
            settings.anthropic_base_url,
            settings.anthropic_model,
        ),
    ):
        if api_key := key.get_secret_value():
            access = Access(
                name=name, api_key=api_key, base_url=base_url, default_model=model, reach=reach
            )
            providers[name] = make_provider(access)
    if settings.local_llm_base_url:
        from apps.gateway.providers.local_provider import LocalProvider

        providers["local"] = LocalProvider(
            api_key=settings.local_llm_api_key.get_secret_value(),
            base_url=settings.local_llm_base_url,
            default_model=settings.local_llm_model,
            context_tokens=settings.local_llm_context_tokens,
            reach=reach,
        )
    return providers


def make_provider(access: Access) -> Provider:
    """OpenAI or Anthropic, or who speaks as they do."""
    wanted = {
        "api_key": access.api_key,
        "base_url": access.base_url,
        "default_model": access.default_model,
    }
    if access.name == "anthropic":
        from apps.gateway.providers.anthropic_provider import AnthropicProvider

        return AnthropicProvider(**wanted, reach=access.reach)
    from apps.gateway.providers.openai_provider import OpenAIProvider

    return OpenAIProvider(**wanted, reach=access.reach)
