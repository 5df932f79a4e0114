"""How much a model can read and say in one call, where it is known."""

from typing import Final

from agentplatform.settings.environment import Environment
from apps.gateway.services.routes import DEFAULT

_WINDOWS: Final = {
    ("openai", "gpt-4o"): 128_000,
    ("openai", "gpt-4.1"): 1_047_576,
    ("openai", "gpt-5"): 400_000,
    ("openai", "o3"): 200_000,
    ("openai", "o4-mini"): 200_000,
    ("anthropic", "claude"): 200_000,
}
"""By provider and the beginning of the model's name."""


def window_of(alias: str, *, settings: Environment) -> int | None:
    """The tokens of prompt and answer together; None when nobody knows.

    `default` may be answered by several providers: theirs is the smallest window. The local
    provider cuts for itself, so it counts only where it is alone.
    """
    if alias != DEFAULT:
        provider, _, model = alias.partition(":")
        return _window(provider, model, settings)
    models = {
        "openai": settings.openai_model if settings.openai_api_key.get_secret_value() else "",
        "anthropic": settings.anthropic_model
        if settings.anthropic_api_key.get_secret_value()
        else "",
    }
    found = [_window(name, model, settings) for name, model in models.items() if model]
    if not found:
        return _window("local", "", settings) if settings.local_llm_base_url else None
    known = [window for window in found if window is not None]
    return min(known, default=None)


def _window(provider: str, model: str, settings: Environment) -> int | None:
    if provider == "local":
        return settings.local_llm_context_tokens
    fitting = [
        (len(start), window)
        for (name, start), window in _WINDOWS.items()
        if name == provider and model.startswith(start)
    ]
    return max(fitting)[1] if fitting else None
