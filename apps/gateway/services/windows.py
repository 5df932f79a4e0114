"""How much a model can read and say in one call, where it is known."""

from collections.abc import Mapping, Sequence
from typing import Final

from agentplatform.settings.environment import Environment
from agentplatform.settings.model_routes import Route
from apps.gateway.services.routes import DEFAULT, LOCAL

_WINDOWS: Final = {
    ("openai", "gpt-4o"): 128_000,
    ("openai", "gpt-4.1"): 1_047_576,
    ("openai", "gpt-5"): 400_000,
    ("openai", "o3"): 200_000,
    ("openai", "o4-mini"): 200_000,
    ("anthropic", "claude"): 200_000,
}
"""By provider and the beginning of the model's name."""


def window_of(
    alias: str, *, settings: Environment, routes: Mapping[str, Route] | None = None
) -> int | None:
    """The tokens of prompt and answer together; None when nobody knows.

    An alias may be answered by several models: theirs is the smallest window, but where others are
    asked when a prompt is too long, theirs counts. The local provider cuts for itself, so it counts
    only where it is alone.
    """
    route = (settings.routes if routes is None else routes).get(alias)
    if route is not None:
        return _smallest(route.on_context_window or route.targets, settings)
    if alias != DEFAULT:
        return _smallest((alias,), settings)
    keys = {"openai": settings.openai_api_key, "anthropic": settings.anthropic_api_key}
    models = {"openai": settings.openai_model, "anthropic": settings.anthropic_model}
    found = [f"{name}:{models[name]}" for name, key in keys.items() if key.get_secret_value()]
    if not found and settings.local_llm_base_url:
        found = [f"{LOCAL}:{settings.local_llm_model}"]
    return _smallest(found, settings)


def _smallest(models: Sequence[str], settings: Environment) -> int | None:
    pairs = [model.partition(":")[::2] for model in models]
    others = [pair for pair in pairs if pair[0] != LOCAL]
    found = [_window(provider, model, settings) for provider, model in others or pairs]
    return min((window for window in found if window is not None), default=None)


def _window(provider: str, model: str, settings: Environment) -> int | None:
    if provider == LOCAL:
        return settings.local_llm_context_tokens
    fitting = [
        (len(start), window)
        for (name, start), window in _WINDOWS.items()
        if name == provider and model.startswith(start)
    ]
    return max(fitting)[1] if fitting else None
